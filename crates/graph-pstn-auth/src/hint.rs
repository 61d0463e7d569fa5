//! What an administrator can do about an `AADSTS` number.
//!
//! Numbers: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>. Entra may change
//! them, so status and OAuth error decide what becomes of a failure; the numbers choose words, and tell
//! apart what passes by itself.

/// One line without a full stop, or `None` for a number that says nothing to an app on its own.
pub(crate) fn of(code: u32) -> Option<&'static str> {
    Some(match code {
        7_000_215 => {
            "the client secret is wrong: copy the secret's Value (not its Secret ID) from App \
             registrations > Certificates & secrets, or make a new one there"
        }
        7_000_222 => {
            "the client secret has expired: make a new one under App registrations > Certificates \
             & secrets"
        }
        7_000_218 | 7_000_216 => {
            "Entra saw no credential in the request: give a client secret, a certificate or a \
             federated token"
        }
        700_016 | 700_011 => {
            "this tenant has no app registration with this client id: check tenant id, client id \
             and cloud (a new registration takes some minutes to be known everywhere)"
        }
        7_000_229 => {
            "the app has no service principal in this tenant: an administrator has to grant \
             consent once (App registrations > API permissions)"
        }
        7_000_112 | 70_001 => {
            "the app is disabled in this tenant: enable it under Enterprise applications > \
             Properties"
        }
        700_027 | 50_012 => {
            "Entra does not accept the certificate: see that it has not expired, and upload this very \
             certificate (its public part, RSA) under App registrations > Certificates & secrets; a \
             new upload takes some minutes"
        }
        700_023 | 5_002_741 => {
            "the assertion was made for another token endpoint: check cloud and login host"
        }
        700_021 => "the assertion was made for another app: check the client id",
        50_027 => "the assertion is no whole JWT, or lacks a claim: check what makes it",
        700_024 => {
            "the assertion is not valid at this time: set this machine's clock right (NTP), or \
             renew the federated token"
        }
        700_030 => {
            "the certificate's subject is not one that the app trusts: check the trusted subject \
             names and issuers of the app registration"
        }
        50_048 | 70_021 | 700_211 | 700_212 | 700_213 | 7_002_138 => {
            "no federated credential of the app fits this token: issuer, subject (upper and lower \
             case count) and audience must be equal to those under App registrations > \
             Certificates & secrets > Federated credentials"
        }
        90_002 | 90_038 | 900_432 | 900_382 => {
            "this cloud does not know the tenant: check the tenant id, and whether the configured cloud \
             is the one that the tenant lives in"
        }
        50_059 | 50_194 | 9_001_023 | 90_019 => {
            "the request names no tenant: give the tenant's id or one of its domains"
        }
        500_011 => {
            "the tenant does not know the Graph of this cloud: check whether the configured cloud is \
             the one that the tenant lives in"
        }
        70_011 | 1_002_012 | 700_022 => {
            "Entra does not accept the scope: it must be the Graph root of the tenant's own cloud \
             with /.default"
        }
        53_003 | 530_032 | 53_000 => {
            "a Conditional Access policy blocks the app: an administrator finds the policy in the \
             sign-in logs (service principal sign-ins) by the correlation id"
        }
        50_196 => {
            "Entra saw the same request too often: let one process fetch the token and keep it"
        }
        90_055 => "the tenant is over its limit of requests: try again later",
        _ => return None,
    })
}

/// Numbers that Microsoft's page calls passing troubles of the service, whatever status they come with.
pub(crate) fn passes_by_itself(code: u32) -> bool {
    matches!(code, 90_033 | 90_006 | 90_012 | 90_024 | 90_090 | 50_033)
}
