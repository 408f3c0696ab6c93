//! AWS Signature Version 4 over a request's headers.
//!
//! Source: "Create a signed AWS API request" in the AWS IAM user guide. No path is normalised: a model's name is
//! escaped once in the request and once more in what is signed, as every service but S3 has it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Long-lived or session credentials.
#[derive(Clone)]
pub struct Credentials {
    /// The key's name.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
    /// The session's token, where there is one.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `POST` and the like.
    pub method: &'a str,
    /// The path as it is sent, escaped.
    pub path: &'a str,
    /// Names and values of the query, not escaped.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers to sign beside the date and the token; `host` among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
    /// The region.
    pub region: &'a str,
    /// The service, such as `bedrock`.
    pub service: &'a str,
    /// The moment, as `20150830T123600Z`.
    pub date: &'a str,
}

/// Returns the headers to add to the request: `x-amz-date`, the session's token, `authorization`.
pub fn sign(request: &Request<'_>, credentials: &Credentials) -> Vec<(&'static str, String)> {
    let mut added = vec![("x-amz-date", request.date.to_owned())];
    added.extend(credentials.session_token.clone().map(|token| ("x-amz-security-token", token)));
    let own = added.iter().map(|(name, value)| (*name, value.as_str()));
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .copied()
        .chain(own)
        .map(|(name, value)| {
            (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect();
    headers.sort_by(|a, b| a.0.cmp(&b.0));
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let mut query: Vec<(String, String)> =
        request.query.iter().map(|(name, value)| (escape(name, ""), escape(value, ""))).collect();
    query.sort();
    let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let path = escape(request.path, "/");
    let canonical = format!(
        "{}\n{path}\n{query}\n{lines}\n{names}\n{}",
        request.method,
        hex(&Sha256::digest(request.body))
    );
    let day = request.date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", request.region, request.service);
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
        request.date,
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let key = [day, request.region, request.service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{}", credentials.secret_key).into_bytes(), |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &text));
    let access = &credentials.access_key;
    added.push((
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"),
    ));
    added
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is taken");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Escapes everything but letters, digits, `-._~` and what `keep` names.
pub fn escape(text: &str, keep: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signs as the published test suite for Signature Version 4 does, and returns the signature.
    fn signature(method: &str, query: &[(&str, &str)], headers: &[(&str, &str)], body: &[u8]) -> String {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let headers = [&[("Host", "example.amazonaws.com")], headers].concat();
        let request = Request {
            method,
            path: "/",
            query,
            headers: &headers,
            body,
            region: "us-east-1",
            service: "service",
            date: "20150830T123600Z",
        };
        let added = sign(&request, &credentials);
        let (_, authorization) = added.iter().find(|(name, _)| *name == "authorization").unwrap();
        authorization.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// Cases of the AWS Signature Version 4 test suite (general reference, "Signature Version 4 test suite").
    #[test]
    fn published_vectors_hold() {
        let get_vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        assert_eq!(signature("GET", &[], &[], b""), get_vanilla);
        let post_vanilla = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        assert_eq!(signature("POST", &[], &[], b""), post_vanilla);
        let get_vanilla_query_order_key_case =
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        let query = [("Param2", "value2"), ("Param1", "value1")];
        assert_eq!(signature("GET", &query, &[], b""), get_vanilla_query_order_key_case);
        let get_header_key_duplicate = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea";
        let headers = [("My-Header1", "value2,value2,value1")];
        assert_eq!(signature("GET", &[], &headers, b""), get_header_key_duplicate);
        let get_header_value_multiline = "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790";
        let headers = [("My-Header1", "value1,value2,value3")];
        assert_eq!(signature("GET", &[], &headers, b""), get_header_value_multiline);
    }

    #[test]
    fn a_models_name_is_escaped_once_more_in_what_is_signed() {
        assert_eq!(escape("/model/a%3A0/converse", "/"), "/model/a%253A0/converse");
    }
}
