//! Presigners: pure functions from a request, credentials and a date to a URL that carries its own proof. They build
//! natively too, so a Rust signing server uses the same code as the page.

pub mod sigv4;

use std::fmt;

/// A key pair, with the session token that temporary ones have. Its `Debug` form shows the access key id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The public half; appears in every signed URL.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(")?;
        f.write_str(&self.access_key_id)?;
        f.write_str(", …)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_secret() {
        let credentials = Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "hush".into(),
            session_token: Some("token".into()),
        };
        assert_eq!(format!("{credentials:?}"), "Credentials(AKID, …)");
    }
}
