//! The files as a graph: who uses whom, and the circles in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;

/// One file uses another: the path that says so, and its line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
    pub(crate) path: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from,
            line,
            to,
            path,
        } = self;
        write!(formatter, "{from}:{line}: `{path}` is of {to}")
    }
}

/// Files that use each other, and the shortest way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    pub(crate) files: BTreeSet<String>,
    pub(crate) chain: Vec<Arrow>,
}

impl fmt::Display for Circle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&str> = self.files.iter().map(String::as_str).collect();
        write!(
            formatter,
            "expected files without a circle, but found one of {}: {}",
            files.len(),
            files.join(", ")
        )?;
        for arrow in &self.chain {
            write!(formatter, "\n    {arrow}")?;
        }
        Ok(())
    }
}

/// Finds each group of files that all lead to each other.
///
/// Files are few, so what each reaches is found for each alone.
pub(crate) fn circles(arrows: &[Arrow]) -> Vec<Circle> {
    let graph = Graph::of(arrows);
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph
        .uses
        .keys()
        .map(|file| (*file, graph.reached_from(file)))
        .collect();
    let mut circles: Vec<Circle> = Vec::new();
    for (file, from_it) in &reached {
        let is_known = circles.iter().any(|circle| circle.files.contains(*file));
        if is_known || !from_it.contains(file) {
            continue;
        }
        let both = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(file));
        let files: BTreeSet<&str> = from_it.iter().filter(both).copied().collect();
        let chains = files.iter().filter_map(|start| graph.way_round(start));
        circles.push(Circle {
            chain: chains.min_by_key(Vec::len).unwrap_or_default(),
            files: files.into_iter().map(str::to_owned).collect(),
        });
    }
    circles
}

/// The first arrow between any two files.
struct Graph<'a> {
    uses: BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>,
}

impl<'a> Graph<'a> {
    fn of(arrows: &'a [Arrow]) -> Self {
        let mut uses: BTreeMap<&str, BTreeMap<&str, &Arrow>> = BTreeMap::new();
        for arrow in arrows {
            let of_file = uses.entry(&arrow.from).or_default();
            of_file.entry(&arrow.to).or_insert(arrow);
        }
        Self { uses }
    }

    fn arrows_of(&self, file: &str) -> impl Iterator<Item = &'a Arrow> {
        self.uses.get(file).into_iter().flatten().map(|(_, a)| *a)
    }

    fn reached_from(&self, start: &str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&'a Arrow> = self.arrows_of(start).collect();
        while let Some(arrow) = waiting.pop() {
            if reached.insert(arrow.to.as_str()) {
                waiting.extend(self.arrows_of(&arrow.to));
            }
        }
        reached
    }

    /// The shortest chain of arrows from a file back to it.
    fn way_round(&self, start: &str) -> Option<Vec<Arrow>> {
        let mut came_by: HashMap<&str, &Arrow> = HashMap::new();
        let mut waiting: VecDeque<&'a Arrow> = self.arrows_of(start).collect();
        while let Some(arrow) = waiting.pop_front() {
            if came_by.contains_key(arrow.to.as_str()) {
                continue;
            }
            came_by.insert(&arrow.to, arrow);
            if arrow.to == start {
                break;
            }
            waiting.extend(self.arrows_of(&arrow.to));
        }
        let mut chain = vec![(*came_by.get(start)?).clone()];
        while let Some(first) = chain.last()
            && first.from != start
        {
            chain.push((*came_by.get(first.from.as_str())?).clone());
        }
        chain.reverse();
        Some(chain)
    }
}
