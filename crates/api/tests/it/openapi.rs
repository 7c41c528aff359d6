//! The description of the API is true, complete and at hand.

use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;

#[test]
fn the_committed_description_is_the_one_that_the_code_gives() {
    let generated = hubbub::controllers::openapi().to_pretty_json().unwrap();
    let committed = include_str!("../../../../web/openapi.json");
    assert_eq!(
        committed.trim_end(),
        generated.trim_end(),
        "run: cargo run -p hubbub -- openapi > web/openapi.json"
    );
}

#[test]
fn every_operation_is_described_and_may_fail_with_a_problem() {
    let document: Value = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20, "{}", paths.len());
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["tags"].is_array(), "{method} {path}");
            let is_infallible = path == "/api/users/me" && method == "get";
            assert!(
                is_infallible || operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_description_and_its_page_are_served() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.body["info"]["title"], "Hubbub");
    let page = app.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.body.as_str().unwrap();
    assert!(html.contains("swagger-ui"));
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "nothing comes from elsewhere"
    );
}
