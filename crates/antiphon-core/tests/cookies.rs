//! Cookies that browsers would drop without a word.

use antiphon_core::values::cookie::{InvalidCookieKind, SetCookie};

#[test]
fn a_name_with_a_prefix_keeps_its_rule() {
    let names = ["__Host-a", "__host-a", "__HOST-", "__Host-Http-a"];
    for name in names {
        let good = SetCookie::new(name, "v").secure(true);
        assert!(good.clone().domain("").encode(0).is_ok(), "{name}");
        for (bad, field) in [
            (SetCookie::new(name, "v"), "secure"),
            (SetCookie::deletion(name), "secure"),
            (good.clone().domain("a.example"), "domain"),
            (good.clone().path("/a"), "path"),
            (good.clone().path("//"), "path"),
            (good.clone().path(""), "path"),
            (good.path(None), "path"),
        ] {
            let error = bad.encode(0).unwrap_err();
            assert_eq!(
                (error.field(), error.kind()),
                (field, InvalidCookieKind::Prefix),
                "{name}"
            );
        }
    }
    for name in ["__Secure-a", "__secure-", "__SECURE-Host-"] {
        let good = SetCookie::new(name, "v").secure(true);
        assert!(
            good.domain("a.example").path("/a").encode(0).is_ok(),
            "{name}"
        );
        let error = SetCookie::new(name, "v").encode(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cookie secure: expected `secure`, without which browsers drop a cookie named {name:?}"
            ),
        );
    }
    for name in [
        "__Host", "__Secure", "Host-a", "_Host-a", "a__Host-", "__Hosta-", "--",
    ] {
        assert!(SetCookie::new(name, "v").encode(0).is_ok(), "{name}");
    }
}
