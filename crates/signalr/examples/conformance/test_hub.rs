//! The hub that most of a test suite talks to.

use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use signalr_hub::{Binary, Context, Hub, HubError, HubOptions, Timestamp, UploadStream};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomObject {
    name: String,
    value: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ComplexObject {
    string: Option<String>,
    int_array: Option<Vec<i32>>,
    byte_array: Option<Binary>,
    guid: String,
    date_time: Timestamp,
}

fn exception(message: impl Into<String>) -> HubError {
    HubError::internal("InvalidOperationException", message)
}

async fn echo(_: Context, message: String) -> String {
    message
}

async fn get_caller_connection_id(context: Context) -> String {
    context.connection_id().to_string()
}

async fn get_num_redirects(context: Context) -> i32 {
    context
        .request()
        .query("numRedirects")
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

async fn throw_exception(_: Context, message: String) -> Result<(), HubError> {
    Err(exception(message))
}

async fn invoke_with_string(context: Context, message: String) -> Result<(), HubError> {
    Ok(context.clients().caller().send("Message", (message,))?)
}

async fn send_custom_object(context: Context, object: CustomObject) -> Result<(), HubError> {
    Ok(context.clients().caller().send("CustomObject", (object,))?)
}

async fn letters(_: Context) -> impl Stream<Item = &'static str> {
    stream::iter(["a", "b", "c"])
}

/// Tells the caller that its stream has been cancelled, which is when the stream is dropped.
struct TellWhenCanceled(Context);

impl Drop for TellWhenCanceled {
    fn drop(&mut self) {
        // The caller may have left altogether.
        let _ = self.0.clients().caller().send("StreamCanceled", ());
    }
}

async fn infinite_stream(context: Context) -> impl Stream<Item = i32> {
    let guard = TellWhenCanceled(context);
    stream::once(async move {
        let _guard = guard;
        std::future::pending().await
    })
}

async fn streaming_concat(_: Context, mut words: UploadStream<String>) -> Result<String, HubError> {
    let mut all = String::new();
    while let Some(word) = words.next().await {
        all.push_str(&word?);
    }
    Ok(all)
}

async fn empty_stream(_: Context) -> impl Stream<Item = i32> {
    stream::empty()
}

async fn stream_throw_exception(
    _: Context,
    message: String,
) -> Result<stream::Empty<String>, HubError> {
    Err(exception(message))
}

async fn get_active_transport_name(context: Context) -> &'static str {
    context.request().transport().name()
}

async fn echo_complex_object(_: Context, object: ComplexObject) -> ComplexObject {
    object
}

async fn send_complex_object(_: Context) -> ComplexObject {
    ComplexObject {
        string: Some("hello world".to_owned()),
        int_array: Some(vec![1, 2, 3]),
        byte_array: Some(Binary(vec![1, 2, 3])),
        guid: "00010203-0405-0607-0706-050403020100".to_owned(),
        date_time: Timestamp::parse("2000-01-01T00:00:00Z").expect("a valid moment"),
    }
}

async fn get_content_type_header(context: Context) -> Option<String> {
    context.request().header("content-type").map(str::to_owned)
}

async fn get_header(context: Context, name: String) -> Option<String> {
    context.request().header(&name).map(str::to_owned)
}

async fn get_cookie(context: Context, name: String) -> Option<String> {
    context.request().cookie(&name).map(str::to_owned)
}

pub(crate) fn hub(options: HubOptions) -> Hub {
    Hub::builder()
        .on("Echo", echo)
        .on("GetCallerConnectionId", get_caller_connection_id)
        .on("GetNumRedirects", get_num_redirects)
        .on("ThrowException", throw_exception)
        .on("InvokeWithString", invoke_with_string)
        .on("SendCustomObject", send_custom_object)
        .on("Stream", letters)
        .on("InfiniteStream", infinite_stream)
        .on("StreamingConcat", streaming_concat)
        .on("EmptyStream", empty_stream)
        .on("StreamThrowException", stream_throw_exception)
        .on("GetActiveTransportName", get_active_transport_name)
        .on("EchoComplexObject", echo_complex_object)
        .on("SendComplexObject", send_complex_object)
        .on("GetContentTypeHeader", get_content_type_header)
        .on("GetHeader", get_header)
        .on("GetCookie", get_cookie)
        .options(options)
        .build()
}
