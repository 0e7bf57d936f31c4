//! The method of a request, as far as a response depends on it ([RFC 9110 §9]).
//!
//! [RFC 9110 §9]: https://www.rfc-editor.org/rfc/rfc9110#section-9

/// The method of a request.
///
/// Methods are case-sensitive ([RFC 9110 §9.1]): `head` is not HEAD.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::method::Method;
///
/// assert_eq!(Method::from("HEAD"), Method::Head);
/// assert_eq!(Method::from("head"), Method::Other);
/// ```
///
/// # Starlette
///
/// `FileResponse` takes a method in any case for the one in upper case (divergence D-47).
///
/// [RFC 9110 §9.1]: https://www.rfc-editor.org/rfc/rfc9110#section-9.1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET
    #[default]
    Get,
    /// HEAD: the answer has a head and no content.
    Head,
    /// Any other.
    Other,
}

impl From<&str> for Method {
    fn from(method: &str) -> Self {
        match method {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            _ => Self::Other,
        }
    }
}
