//! Signatures of webhooks by the Standard Webhooks specification: HMAC-SHA256 of the id, the time and
//! the body, under a secret that begins with `whsec_`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base64;

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// The text of a secret, as the receiver keeps it.
#[must_use]
pub fn secret_text(secret: &[u8]) -> String {
    format!("{PREFIX}{}", base64::encode(secret))
}

/// The header `webhook-signature` for a call.
#[must_use]
pub fn signature(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return String::new();
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", base64::encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_example_has_its_signature() {
        let secret = base64::decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(
            secret_text(&secret),
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        );
        // Whatever is changed, the signature is another one.
        let other = signature(&secret, "msg_x", 1_614_265_330, body);
        assert_ne!(other, signed);
        assert_ne!(
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_331, body),
            signed
        );
    }
}
