//! The live page: three files inside the binary. It loads nothing from elsewhere, and shows texts of others as text only.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::routing::get;

/// Scripts, styles and events of this address, and nothing else (CSP Level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type File = ([(HeaderName, &'static str); 6], &'static str);

/// `/`, `/page.css` and `/page.js`.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/page.css", get(async || file("text/css; charset=utf-8", include_str!("page/page.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page/page.js"))))
}

fn file(content_type: &'static str, text: &'static str) -> File {
    let headers = [
        (CONTENT_TYPE, content_type),
        // A new version of the program has a new page.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_small_and_asks_nobody_else() {
        let files = [include_str!("page/index.html"), include_str!("page/page.css"), include_str!("page/page.js")];
        assert!(files.iter().map(|file| file.len()).sum::<usize>() < 60_000);
        for file in files {
            assert!(!file.contains("http://") && !file.contains("https://"), "{file}");
            assert!(!file.contains("innerHTML") && !file.contains("insertAdjacentHTML"), "{file}");
        }
    }
}
