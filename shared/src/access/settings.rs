//! Which team and application a deployment has in front of it.

/// What is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The team's address, `https://team.cloudflareaccess.com`, which its JWTs name as their issuer.
    pub issuer: String,
    /// The tag of the application, which they name as their audience.
    pub audience: String,
    /// Whether whoever comes this way may do everything, or only look.
    pub is_admin: bool,
}

/// It is configured by half, or wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// One is set without the other.
    #[error(
        "`{set}` is set and `{missing}` is not; Cloudflare Access needs both: set it, or remove the other, and deploy again"
    )]
    Half {
        /// The one that is.
        set: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// The team's address is none.
    #[error(
        "`ACCESS_TEAM_DOMAIN` is `{0}`, but must be like https://team.cloudflareaccess.com; correct it and deploy again"
    )]
    Team(String),
    /// There is no such role.
    #[error("`ACCESS_ROLE` is `{0}`, but must be reader or admin; correct it and deploy again")]
    Role(String),
}

impl Settings {
    /// Reads the variables `ACCESS_TEAM_DOMAIN`, `ACCESS_AUD` and `ACCESS_ROLE`; `None` when none is set.
    pub fn read(
        team: Option<&str>,
        audience: Option<&str>,
        role: Option<&str>,
    ) -> Result<Option<Self>, SettingsError> {
        let set = |value: Option<&str>| {
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            value.map(ToOwned::to_owned)
        };
        let half = |set, missing| Err(SettingsError::Half { set, missing });
        const TEAM: &str = "ACCESS_TEAM_DOMAIN";
        const AUDIENCE: &str = "ACCESS_AUD";
        let (team, audience) = match (set(team), set(audience), set(role)) {
            (Some(team), Some(audience), _) => (team, audience),
            (Some(_), None, _) => return half(TEAM, AUDIENCE),
            (None, Some(_), _) => return half(AUDIENCE, TEAM),
            (None, None, Some(_)) => return half("ACCESS_ROLE", TEAM),
            (None, None, None) => return Ok(None),
        };
        let is_admin = match set(role).as_deref() {
            None | Some("reader") => false,
            Some("admin") => true,
            Some(other) => return Err(SettingsError::Role(other.to_owned())),
        };
        Ok(Some(Self {
            issuer: issuer(&team).ok_or(SettingsError::Team(team))?,
            audience,
            is_admin,
        }))
    }

    /// Where the team publishes its keys.
    pub fn keys_url(&self) -> String {
        format!("{}/cdn-cgi/access/certs", self.issuer)
    }
}

/// The address of a team, with or without its scheme. By HTTP only what is on this machine is asked, for tests.
fn issuer(team: &str) -> Option<String> {
    let team = team.strip_suffix('/').unwrap_or(team);
    let (scheme, host) = team.split_once("://").unwrap_or(("https", team));
    let name = host.split(':').next().unwrap_or_default();
    let is_allowed = match scheme {
        "https" => name == host && name.contains('.'),
        "http" => name == "127.0.0.1" || name == "localhost",
        _ => false,
    };
    let is_name =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':');
    (is_allowed && host.chars().all(is_name)).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_is_no_access() {
        assert_eq!(Settings::read(None, Some(" "), Some("")), Ok(None));
    }

    #[test]
    fn a_team_is_written_in_several_ways() {
        for team in [
            "grove.cloudflareaccess.com",
            "https://grove.cloudflareaccess.com",
            " https://grove.cloudflareaccess.com/ ",
        ] {
            let settings = Settings::read(Some(team), Some("tag"), None)
                .unwrap()
                .unwrap();
            assert_eq!(settings.issuer, "https://grove.cloudflareaccess.com");
            assert!(!settings.is_admin);
            assert_eq!(
                settings.keys_url(),
                "https://grove.cloudflareaccess.com/cdn-cgi/access/certs"
            );
        }
    }

    #[test]
    fn half_of_it_is_an_error_that_says_which_half() {
        for (team, audience, role, expected) in [
            (
                Some("grove.cloudflareaccess.com"),
                None,
                None,
                "`ACCESS_AUD` is not",
            ),
            (
                None,
                Some("tag"),
                Some("admin"),
                "`ACCESS_TEAM_DOMAIN` is not",
            ),
            (None, None, Some("admin"), "`ACCESS_TEAM_DOMAIN` is not"),
        ] {
            let error = Settings::read(team, audience, role)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_no_team_is_refused() {
        for team in [
            "grove",
            "http://grove.cloudflareaccess.com",
            "ftp://grove.cloudflareaccess.com",
            "https://grove.cloudflareaccess.com/path",
            "https://user@grove.cloudflareaccess.com",
            "https://grove.cloudflareaccess.com:8443",
            "https://",
            "Grove.cloudflareaccess.com",
        ] {
            let read = Settings::read(Some(team), Some("tag"), None);
            assert_eq!(read, Err(SettingsError::Team(team.to_owned())));
        }
    }

    #[test]
    fn there_are_two_roles() {
        let read = |role| Settings::read(Some("a.b"), Some("tag"), Some(role));
        assert!(read("admin").unwrap().unwrap().is_admin);
        assert!(!read("reader").unwrap().unwrap().is_admin);
        assert_eq!(read("Admin"), Err(SettingsError::Role("Admin".to_owned())));
    }
}
