//! How content that has a length is offered: under which name, for how long, and in which parts. Files and
//! other sources have it in common.

use super::parameters::Parameters;
use antiphon_core::fields::FieldValue;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::range::{MAX_RANGES, RangePolicy};
use antiphon_core::response::content::{self, InvalidResponse};
use antiphon_core::response::file::{self, FileContent, FileFacts, RangeTerms, Stat};
use antiphon_core::response::plan::Plan;
use antiphon_core::text::number;
use antiphon_core::values::content_disposition::{self, DispositionType};
use antiphon_core::values::media_type::MediaType;

/// What a program says of content that has a length, beside its [`Parameters`].
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) filename: Option<String>,
    pub(crate) disposition_type: DispositionType,
    pub(crate) cache_control: Option<FieldValue>,
    pub(crate) range_policy: RangePolicy,
    pub(crate) max_ranges: usize,
}

impl Offer {
    pub(crate) const fn new() -> Self {
        Self {
            filename: None,
            disposition_type: DispositionType::ATTACHMENT,
            cache_control: None,
            range_policy: RangePolicy::Rfc9110,
            max_ranges: MAX_RANGES,
        }
    }

    /// Plans the answer to a request, once the state of the content is known, of which `parameters` gets what
    /// is said. `boundary` is the [`boundary`] for the request.
    pub(crate) fn plan(
        &self,
        parameters: &mut Parameters,
        stat: Stat,
        media_type: impl FnOnce() -> MediaType,
        request: &RequestFields,
        now: i64,
        boundary: &str,
    ) -> Result<Plan<FileContent>, InvalidResponse> {
        let length = stat.length;
        self.describe(parameters, stat, media_type)?;
        let facts = FileFacts {
            status: parameters.status.as_u16(),
            length,
            declared: parameters.headers.declared(),
        };
        let terms = RangeTerms {
            policy: self.range_policy,
            max_ranges: self.max_ranges,
            now,
            boundary,
        };
        file::plan(facts, request, terms)
    }

    /// Adds what the header says of the content in its present state.
    pub(super) fn describe(
        &self,
        parameters: &mut Parameters,
        stat: Stat,
        media_type: impl FnOnce() -> MediaType,
    ) -> Result<(), InvalidResponse> {
        parameters.headers.reserve(MOST_FIELDS);
        parameters.media_type.get_or_insert_with(media_type);
        let content = content::head(parameters.facts(None)?, parameters.content_type())?;
        let disposition = self
            .filename
            .as_deref()
            .map(|filename| content_disposition::encode(&self.disposition_type, filename));
        let status = parameters.status.as_u16();
        content
            .into_iter()
            .chain(file::head(disposition))
            .chain(file::stat_head(status, stat))
            .for_each(|patch| parameters.headers.apply(patch));
        Ok(())
    }
}

/// As many fields as the header of content with a length gains.
const MOST_FIELDS: usize = 7;

/// Makes what separates the parts of several ranges, if the request may want them: 104 random bits.
pub(crate) fn boundary(request: &RequestFields) -> Result<String, getrandom::Error> {
    if !request.may_want_parts() {
        return Ok(String::new());
    }
    let mut random = [0; 13];
    getrandom::fill(&mut random)?;
    let mut boundary = String::with_capacity(2 * random.len());
    number::push_hex_bytes(&mut boundary, &random);
    Ok(boundary)
}

/// The methods by which a class takes its [`Offer`]; `self.offer` holds it.
macro_rules! offer_methods {
    () => {
        /// Offers the content under this name, as a download unless
        /// [`content_disposition_type`](Self::content_disposition_type) says otherwise.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::FileResponse;
        ///
        /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// let response = FileResponse::new("Cargo.toml")
        ///     .filename("prüfung.toml")
        ///     .into_http(&http::Request::new(()))
        ///     .await?;
        /// assert_eq!(
        ///     response.headers()["content-disposition"],
        ///     "attachment; filename=\"pr_fung.toml\"; filename*=UTF-8''pr%C3%BCfung.toml",
        /// );
        /// # Ok::<(), antiphon::FileError>(()) }).unwrap();
        /// ```
        pub fn filename(mut self, filename: impl Into<String>) -> Self {
            self.offer.filename = Some(filename.into());
            self
        }

        /// Sets how the content is offered under its [`filename`](Self::filename): `attachment`, to be saved,
        /// or `inline`, to be shown.
        ///
        /// # Errors
        ///
        /// [`InvalidDisposition`](crate::content_disposition::InvalidDisposition) if it is not a token.
        pub fn content_disposition_type<D>(
            mut self,
            disposition_type: D,
        ) -> Result<Self, antiphon_core::values::content_disposition::InvalidDisposition>
        where
            D: TryInto<
                    antiphon_core::values::content_disposition::DispositionType,
                    Error: Into<antiphon_core::values::content_disposition::InvalidDisposition>,
                >,
        {
            self.offer.disposition_type = disposition_type.try_into().map_err(Into::into)?;
            Ok(self)
        }

        /// Sets the value of `Cache-Control`.
        ///
        /// # Errors
        ///
        /// [`InvalidHeader`](crate::headers::InvalidHeader) if it holds a line break or another control
        /// character.
        pub fn cache_control<V>(
            mut self,
            value: V,
        ) -> Result<Self, antiphon_core::fields::InvalidHeader>
        where
            V: TryInto<
                    antiphon_core::fields::FieldValue,
                    Error: Into<antiphon_core::fields::InvalidHeader>,
                >,
        {
            let name = antiphon_core::fields::FieldName::CACHE_CONTROL;
            let (_, value) = antiphon_core::fields::field(name, value)?;
            self.offer.cache_control = Some(value);
            Ok(self)
        }

        /// Sets what is done with ranges where RFC 9110 and Starlette differ; RFC 9110 by default.
        pub const fn range_policy(
            mut self,
            policy: antiphon_core::request::range::RangePolicy,
        ) -> Self {
            self.offer.range_policy = policy;
            self
        }

        /// Limits the ranges that are answered; a request that asks for more gets the whole content. 100 by
        /// default; with 0, every request gets the whole.
        ///
        /// # Examples
        ///
        /// ```
        /// use antiphon::FileResponse;
        ///
        /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// let request = http::Request::get("/").header("range", "bytes=0-1,4-5").body(())?;
        /// for (most, status) in [(2, 206), (1, 200), (0, 200)] {
        ///     let file = FileResponse::new("Cargo.toml").max_ranges(most);
        ///     assert_eq!(file.into_http(&request).await?.status(), status);
        /// }
        /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
        /// ```
        pub const fn max_ranges(mut self, ranges: usize) -> Self {
            self.offer.max_ranges = ranges;
            self
        }
    };
}

pub(crate) use offer_methods;
