//! The files that the gallery sends: made at its start, gone at its end.

use std::f32::consts::TAU;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The files, which live as long as this does.
#[derive(Debug)]
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn make() -> io::Result<Self> {
        let files = Self {
            folder: tempfile::Builder::new().prefix("antiphon-").tempdir()?,
        };
        write(&files.folder().join(TEXT), CONTENT.as_bytes())?;
        write(&files.folder().join(SOUND), &wav(&chant()))?;
        fs::create_dir(files.folder().join("site"))?;
        write(&files.folder().join(SITE[0]), CONTENT.as_bytes())?;
        write(&files.folder().join(SITE[1]), COMPRESSED)?;
        Ok(files)
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A text of two lines.
pub(crate) const TEXT: &str = "antiphon.txt";

/// The same text in a folder, and a copy of it that is compressed.
pub(crate) const SITE: [&str; 2] = ["site/antiphon.txt", "site/antiphon.txt.gz"];
const COMPRESSED: &[u8] = include_bytes!("../page/antiphon.txt.gz");

/// A sound of 20 seconds.
pub(crate) const SOUND: &str = "antiphon.wav";

/// Each start of the gallery makes the same bytes, so they have the same time, and the same tag.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.set_modified(SystemTime::UNIX_EPOCH + MODIFIED)
}

/// An antiphon: what is called low is answered an octave above.
fn chant() -> Vec<u8> {
    let answer = MELODY.map(|pitch| 2.0 * pitch);
    let notes = MELODY.into_iter().chain(answer);
    notes.flat_map(note).collect()
}

/// One second of a tone that fades, with its octave in it.
fn note(pitch: f32) -> impl Iterator<Item = u8> {
    (0..SAMPLES_PER_SECOND).map(move |sample| {
        let time = sample as f32 / SAMPLES_PER_SECOND as f32;
        let wave = (TAU * pitch * time).sin() + 0.3 * (TAU * 2.0 * pitch * time).sin();
        let loudness = (time * 50.0).min(1.0) * (1.0 - time);
        (128.0 + 80.0 * wave * loudness) as u8
    })
}

/// Samples of 8 bits as a WAV file.
fn wav(samples: &[u8]) -> Vec<u8> {
    let length = samples.len() as u32;
    let mut file = Vec::with_capacity(WAV_HEAD_LEN + samples.len());
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(WAV_HEAD_LEN as u32 - 8 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    let (pcm, channels, bytes_per_sample, bits_per_sample) = (1_u16, 1_u16, 1_u16, 8_u16);
    file.extend_from_slice(&pcm.to_le_bytes());
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&SAMPLES_PER_SECOND.to_le_bytes());
    file.extend_from_slice(&SAMPLES_PER_SECOND.to_le_bytes());
    file.extend_from_slice(&bytes_per_sample.to_le_bytes());
    file.extend_from_slice(&bits_per_sample.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(samples);
    file
}

const CONTENT: &str = "An antiphon is the sung answer in call and response.\n\
    Größe und Maß der Antwort bestimmt die Frage.\n";
const MODIFIED: Duration = Duration::from_secs(1_700_000_000);
const SAMPLES_PER_SECOND: u32 = 8000;
const WAV_HEAD_LEN: usize = 44;
/// D, F, G, A, C, A, G, F, E, D: in hertz.
const MELODY: [f32; 10] = [
    146.8, 174.6, 196.0, 220.0, 261.6, 220.0, 196.0, 174.6, 164.8, 146.8,
];
