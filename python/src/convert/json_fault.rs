//! Where in the content something could not be rendered.

use crate::convert::error;
use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use std::fmt::Write;

/// Adds a note to `error` that says which part of `content` raised it, if one can be found; `render`
/// tells whether a part raises.
pub(super) fn note(
    error: PyErr,
    content: &Bound<'_, PyAny>,
    render: impl Fn(&Bound<'_, PyAny>) -> PyResult<()>,
) -> PyErr {
    let py = content.py();
    if error.is_instance_of::<PyRecursionError>(py) {
        return error;
    }
    let mut search = Search {
        path: String::from("$"),
        above: Vec::new(),
        render,
    };
    if search.finds(content) && search.path != "$" {
        let note = format!("when rendering {} of the content", search.path);
        return error::noted(py, error, note);
    }
    error
}

struct Search<'py, R> {
    path: String,
    above: Vec<Bound<'py, PyAny>>,
    render: R,
}

impl<'py, R: Fn(&Bound<'_, PyAny>) -> PyResult<()>> Search<'py, R> {
    /// Tells whether `value` cannot be rendered; if so, `path` leads to what is at fault.
    fn finds(&mut self, value: &Bound<'py, PyAny>) -> bool {
        if self.above.iter().any(|above| above.is(value)) {
            return true;
        }
        if self.above.len() == MAX_DEPTH {
            return false;
        }
        self.above.push(value.clone());
        let found = if let Ok(dict) = value.cast::<PyDict>() {
            self.finds_in_object(dict)
        } else if let Ok(list) = value.cast::<PyList>() {
            self.finds_in_array(list.to_tuple())
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.finds_in_array(tuple.clone())
        } else {
            (self.render)(value).is_err()
        };
        self.above.pop();
        found
    }

    fn finds_in_array(&mut self, items: Bound<'py, PyTuple>) -> bool {
        items
            .iter()
            .enumerate()
            .any(|(index, item)| self.finds_below(&item, |path| write!(path, "[{index}]")))
    }

    fn finds_in_object(&mut self, dict: &Bound<'py, PyDict>) -> bool {
        dict.items().iter().any(|pair| {
            let Ok((key, item)) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() else {
                return true;
            };
            let keys = PyDict::new(key.py());
            if keys.set_item(&key, 0).is_err() || (self.render)(keys.as_any()).is_err() {
                return true;
            }
            self.finds_below(&item, |path| {
                match key.cast::<PyString>().map(|key| key.to_str()) {
                    Ok(Ok(key)) if is_identifier(key) => write!(path, ".{key}"),
                    _ => write!(
                        path,
                        "[{}]",
                        key.repr()
                            .map_or_else(|_| "?".into(), |key| key.to_string())
                    ),
                }
            })
        })
    }

    fn finds_below(
        &mut self,
        item: &Bound<'py, PyAny>,
        step: impl FnOnce(&mut String) -> std::fmt::Result,
    ) -> bool {
        let length = self.path.len();
        let found = step(&mut self.path).is_ok() && self.finds(item);
        if !found {
            self.path.truncate(length);
        }
        found
    }
}

fn is_identifier(key: &str) -> bool {
    key.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// As deep as it looks.
const MAX_DEPTH: usize = 200;
