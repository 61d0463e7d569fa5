//! A command that prints an assertion: for programs whose users have one, and no Rust.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    process::Stdio,
    time::Duration,
};

use graph_pstn_http::BoxFuture;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::{AssertionRequest, ClientAssertion, Error};

/// Runs a command for each token request and takes what it prints as the assertion.
///
/// There is no shell in between. The command's input is empty and its error output that of this
/// process; `GRAPH_PSTN_CLIENT_ID` and `GRAPH_PSTN_TOKEN_ENDPOINT` tell it what the assertion is for.
/// It is killed when it takes too long or nobody waits for it any more.
#[derive(Clone)]
pub struct AssertionCommand {
    program: OsString,
    arguments: Vec<OsString>,
    timeout: Duration,
}

/// An assertion is a few KiB; what is longer is something else, and no part of it is sent.
const LONGEST: u64 = 256 << 10;

impl AssertionCommand {
    /// The program, by name in the search path or by path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }

    /// Reads a command line: words apart by white space, kept together by single or double quotes.
    /// Nothing else is special, as no shell will read it.
    ///
    /// # Errors
    /// When there is no word, or a quote is not closed.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let mut words = words(line)?.into_iter();
        let program = words
            .next()
            .filter(|program| !program.is_empty())
            .ok_or_else(|| Error::config("the assertion command is empty"))?;
        Ok(words.fold(Self::new(program), Self::arg))
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// How long it may run. Default 30 s.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    async fn run(&self, request: AssertionRequest) -> Result<SecretString, Error> {
        let name = self.name();
        let ran = tokio::time::timeout(self.timeout, self.output(&request)).await;
        match ran {
            Err(_) => Err(Error::transient(format!(
                "the assertion command {name} took longer than {} s",
                self.timeout.as_secs_f32()
            ))),
            Ok(Err(e)) if e.kind() == io::ErrorKind::NotFound => Err(Error::permanent(format!(
                "there is no assertion command {name}"
            ))),
            Ok(Err(e)) => Err(Error::permanent(format!(
                "the assertion command {name} cannot be run"
            ))
            .with_source(e)),
            Ok(Ok((status, output))) => {
                // Before the status: a command that is not read to its end may fail for that.
                if output.len() as u64 > LONGEST {
                    return Err(Error::permanent(format!(
                        "the assertion command {name} printed more than 256 KiB, so it is no assertion"
                    )));
                }
                if !status.success() {
                    return Err(Error::permanent(format!(
                        "the assertion command {name} failed ({status}); see what it said"
                    )));
                }
                let text = std::str::from_utf8(&output).map_err(|_| {
                    Error::permanent(format!("the assertion command {name} printed no text"))
                })?;
                Ok(text.trim().into())
            }
        }
    }

    async fn output(
        &self,
        request: &AssertionRequest,
    ) -> io::Result<(std::process::ExitStatus, Zeroizing<Vec<u8>>)> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env("GRAPH_PSTN_CLIENT_ID", request.client_id())
            .env("GRAPH_PSTN_TOKEN_ENDPOINT", request.token_endpoint())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut output = Zeroizing::new(Vec::new());
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LONGEST + 1).read_to_end(&mut output).await?;
        }
        Ok((child.wait().await?, output))
    }

    /// The program without its folders, and without its arguments, which may be secret.
    fn name(&self) -> String {
        let path = std::path::Path::new(&self.program);
        let name = path.file_name().unwrap_or(OsStr::new("?"));
        format!("`{}`", name.display())
    }
}

impl ClientAssertion for AssertionCommand {
    fn assertion(&self, request: AssertionRequest) -> BoxFuture<'_, Result<SecretString, Error>> {
        Box::pin(self.run(request))
    }
}

impl fmt::Debug for AssertionCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionCommand")
            .field("program", &self.program)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn words(line: &str) -> Result<Vec<String>, Error> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(Error::config(
            "the assertion command has a quote that is not closed",
        ));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_words() {
        let cut = |line: &str| words(line).map_err(|e| e.to_string());
        assert_eq!(
            cut("  a  b\tc "),
            Ok(vec!["a".into(), "b".into(), "c".into()])
        );
        assert_eq!(
            cut(r#"a "b c" 'd "e' f''g """#),
            Ok(vec![
                "a".into(),
                "b c".into(),
                "d \"e".into(),
                "fg".into(),
                String::new()
            ])
        );
        assert_eq!(
            cut(r"C:\a\b $HOME"),
            Ok(vec![r"C:\a\b".into(), "$HOME".into()])
        );
        assert!(cut("a 'b").unwrap_err().contains("not closed"));
        assert!(AssertionCommand::parse("  ").is_err());
    }

    /// The form of a token request that an app with this command sends, or its error.
    #[cfg(unix)]
    async fn sent(command: AssertionCommand) -> Result<String, String> {
        use crate::testing::{CLIENT, Entra, TENANT, endpoints};
        let entra = Entra::default();
        let credential = crate::ClientAssertionCredential::builder(endpoints(), TENANT, CLIENT)
            .assertion(command)
            .service(entra.clone())
            .build()
            .unwrap();
        let token = credential
            .access_token(graph_pstn_http::TokenRequest::default())
            .await;
        token.map_err(|e| e.to_string())?;
        Ok(entra.field(0, "client_assertion").unwrap())
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_it_prints_is_sent_without_white_space_around_it() {
        let command = AssertionCommand::parse("printf '\\n made-up\\n\\n'").unwrap();
        assert_eq!(sent(command).await.as_deref(), Ok("made-up"));
        let told = AssertionCommand::new("sh")
            .arg("-c")
            .arg("printf %s/%s $GRAPH_PSTN_CLIENT_ID $GRAPH_PSTN_TOKEN_ENDPOINT; cat");
        assert_eq!(
            sent(told).await.as_deref(),
            Ok(
                "00000000-0000-4000-8000-00000000c001/https://login.example/\
                00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token"
            )
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_goes_wrong_is_said_without_the_arguments() {
        let slow = AssertionCommand::parse("sh -c 'exec sleep 5'")
            .unwrap()
            .timeout(Duration::from_millis(50));
        for (command, words) in [
            (
                AssertionCommand::new("/nowhere/made-up-command"),
                "no assertion command `made-up-command`",
            ),
            (AssertionCommand::new("/"), "cannot be run"),
            (
                AssertionCommand::parse("false made-up").unwrap(),
                "`false` failed (exit status: 1)",
            ),
            (
                AssertionCommand::parse("printf '\\377made-up'").unwrap(),
                "printed no text",
            ),
            (
                AssertionCommand::parse("printf 'made up'").unwrap(),
                "not one word",
            ),
            (AssertionCommand::new("true"), "assertion is empty"),
            (
                AssertionCommand::parse("sh -c \"head -c 300000 /dev/zero | tr '\\000' x; true\"")
                    .unwrap(),
                "printed more than 256 KiB",
            ),
            (slow, "`sh` took longer than 0.05 s"),
        ] {
            let error = sent(command.arg("made-up-argument")).await.unwrap_err();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("made-up-argument"), "{error}");
        }
    }
}
