//! Which spans a subscriber sees of calls through the whole stack, with which fields, and that nothing is in
//! them that should not be.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_core::Stream as _;
use graph_pstn_http::{
    AccessToken, BoxFuture, Endpoints, Error, ErrorKind, GraphClient, PageRequest, TokenProvider,
    TokenRequest,
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response};
use time::macros::datetime;
use tower::{ServiceExt as _, service_fn};
use tracing::{
    Event, Instrument as _, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// What must be in no span and no event: of the token, of a link's query, of a row, of Graph's message.
const HIDDEN: &[&str] = &["made-up-token", "made-up-query", "5550123", "made-up-words"];

const FIRST: &str = r#"{"@odata.nextLink":"https://graph.example:8443/v1.0/communications/callRecords/microsoft.graph.callRecords.getPstnCalls(from=2019-11-01,to=2019-12-01)?$skiptoken=made-up-query","value":[{"id":"a","calleeNumber":"+15550123"},{"id":"b","charge":"5550123 much"}]}"#;
const LAST: &str = r#"{"value":[{"id":"c","calleeNumber":"+15550123"}]}"#;
const REFUSAL: &str = r#"{"error":{"code":"Forbidden","message":"made-up-words"}}"#;

type Fields = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    parent: Option<usize>,
    fields: Fields,
}

/// Every span and every event of the thread.
#[derive(Default)]
struct Heard {
    spans: Vec<Seen>,
    /// The places of open spans among them.
    places: HashMap<Id, usize>,
    events: Vec<Fields>,
}

#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Heard>>);

struct Taken<'a>(&'a mut Fields);

impl Visit for Taken<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ear {
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut heard = self.0.lock().unwrap();
        let parent = context.span(id).unwrap().parent();
        let mut seen = Seen {
            name: span.metadata().name(),
            parent: parent.map(|parent| heard.places[&parent.id()]),
            fields: Fields::new(),
        };
        span.record(&mut Taken(&mut seen.fields));
        let place = heard.spans.len();
        heard.places.insert(id.clone(), place);
        heard.spans.push(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut heard = self.0.lock().unwrap();
        let place = heard.places[id];
        values.record(&mut Taken(&mut heard.spans[place].fields));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Taken(&mut fields));
        self.0.lock().unwrap().events.push(fields);
    }
}

impl Ear {
    /// Hears this thread, on which all tasks of its test's runtime run, for as long as the guard is there.
    fn listens(&self) -> DefaultGuard {
        set_default(tracing_subscriber::registry().with(self.clone()))
    }

    fn heard(&self) -> Heard {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A new token after each refusal.
#[derive(Default)]
struct Tokens(AtomicUsize);

impl TokenProvider for Tokens {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let token = AccessToken::new(&format!("made-up-token-{}", self.0.load(Ordering::Relaxed)));
        Box::pin(std::future::ready(token))
    }

    fn invalidate(&self, _: &AccessToken) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

type Script = &'static [Result<(u16, &'static str), ErrorKind>];

/// A client over these answers, and how many of them were given.
fn client(script: Script) -> (GraphClient, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let service = service_fn(move |_: Request<Bytes>| {
        let then = script[count.fetch_add(1, Ordering::Relaxed)];
        std::future::ready(match then {
            Ok((status, body)) => {
                let response = Response::builder().status(status);
                Ok(response.body(Bytes::from_static(body.as_bytes())).unwrap())
            }
            Err(kind) => Err(Error::new(kind, "made-up-words")),
        })
    });
    let graph = "https://graph.example:8443".parse().unwrap();
    let login = "https://login.example".parse().unwrap();
    let client = GraphClient::builder(Endpoints::custom(graph, login))
        .token_provider(Tokens::default())
        .service(service)
        .build();
    (client.unwrap(), sent)
}

fn november() -> TimeRange {
    TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    )
    .unwrap()
}

/// Asks for pages, following the link, as often as there are answers for it.
async fn hear(script: Script) -> Heard {
    let ear = Ear::default();
    let listening = ear.listens();
    let (client, sent) = client(script);
    let mut request = Some(PageRequest::first(CallLog::Pstn, november()));
    while let Some(asked) = request.take() {
        let page = client.page_source::<PstnCallLogRow>().oneshot(asked).await;
        request = page
            .ok()
            .and_then(|page| page.next)
            .map(|link| PageRequest::next(CallLog::Pstn, link));
    }
    assert_eq!(sent.load(Ordering::Relaxed), script.len());
    drop(listening);
    ear.heard()
}

/// The spans by their names, with those of their fields that tell attempts apart.
fn course(heard: &Heard) -> Vec<String> {
    let told = [
        "http.request.resend_count",
        "http.response.status_code",
        "error.type",
        "otel.status_code",
        "graph.attempts",
    ];
    let spans = heard.spans.iter().map(|span| {
        let parent = span.parent.map_or("", |parent| heard.spans[parent].name);
        let fields = told.iter().filter_map(|name| {
            let value = span.fields.get(*name)?;
            Some(format!(" {name}={value}"))
        });
        format!("{parent}>{}{}", span.name, fields.collect::<String>())
    });
    spans.collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_span_and_each_attempt_one_inside_it() {
    let heard = hear(&[Ok((503, "")), Ok((200, LAST))]).await;
    assert_eq!(
        course(&heard),
        [
            ">graph.call graph.attempts=2",
            "graph.call>graph.attempt http.response.status_code=503 error.type=503 otel.status_code=ERROR",
            "graph.call>graph.attempt http.request.resend_count=1 http.response.status_code=200",
        ]
    );
    let attempt = &heard.spans[1].fields;
    for (name, value) in [
        ("otel.name", "GET"),
        ("otel.kind", "client"),
        ("http.request.method", "GET"),
        ("server.address", "graph.example"),
        ("server.port", "8443"),
    ] {
        assert_eq!(attempt.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(attempt["url.path"].starts_with("/v1.0/communications/callRecords/"));
    assert_eq!(heard.spans[0].fields["otel.kind"], "internal");
    assert!(heard.events.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_tasks_ask_for_is_inside_the_span_of_the_caller() {
    let ear = Ear::default();
    let listening = ear.listens();
    let caller = tracing::info_span!("caller");
    let read = async {
        let (client, _) = client(&[Ok((200, LAST))]);
        let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, november());
        while reader.next_batch().await.unwrap().is_some() {}
    };
    read.instrument(caller.clone()).await;
    let prefetched = async {
        let (client, _) = client(&[Ok((200, FIRST)), Ok((200, LAST))]);
        let first = PageRequest::first(CallLog::Pstn, november());
        let mut pages = pin!(client.pages::<PstnCallLogRow>(first).prefetch());
        while let Some(page) = poll_fn(|cx| pages.as_mut().poll_next(cx)).await {
            page.unwrap();
        }
    };
    prefetched.instrument(caller).await;
    drop(listening);
    let heard = ear.heard();
    let calls = heard.spans.iter().filter(|span| span.name == "graph.call");
    let parents = calls.map(|span| span.parent.map(|parent| heard.spans[parent].name));
    let parents: Vec<_> = parents.collect();
    assert_eq!(parents, [Some("caller"); 3]);
}

#[tokio::test(start_paused = true)]
async fn failures_have_their_type_on_the_attempt_and_on_the_call() {
    let heard = hear(&[Err(ErrorKind::Interrupted), Ok((403, REFUSAL))]).await;
    assert_eq!(
        course(&heard),
        [
            ">graph.call error.type=forbidden otel.status_code=ERROR graph.attempts=2",
            "graph.call>graph.attempt error.type=interrupted otel.status_code=ERROR",
            "graph.call>graph.attempt http.request.resend_count=1 http.response.status_code=403 error.type=403 otel.status_code=ERROR",
        ]
    );
    let event = &heard.events[0];
    assert_eq!(event["code"], "Forbidden");
    assert_eq!(event["kind"], "forbidden");
}

#[tokio::test(start_paused = true)]
async fn fields_are_those_of_the_list_and_hold_nothing_personal_or_secret() {
    let heard = hear(&[
        Ok((401, "made-up-words")),
        Ok((200, FIRST)),
        Err(ErrorKind::Connect),
        Ok((200, "made-up-words")),
        Ok((200, LAST)),
    ])
    .await;
    let refused = hear(&[Ok((403, REFUSAL))]).await;
    let calls = heard.spans.iter().filter(|span| span.name == "graph.call");
    assert_eq!(calls.count(), 2);

    let allowed = BTreeMap::from([
        (
            "graph.call",
            BTreeSet::from([
                "otel.kind",
                "otel.status_code",
                "url.path",
                "graph.attempts",
                "graph.waited_ms",
                "error.type",
            ]),
        ),
        (
            "graph.attempt",
            BTreeSet::from([
                "otel.name",
                "otel.kind",
                "otel.status_code",
                "http.request.method",
                "http.request.resend_count",
                "server.address",
                "server.port",
                "url.path",
                "http.response.status_code",
                "error.type",
            ]),
        ),
    ]);
    let spans = heard.spans.iter().chain(&refused.spans);
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut values = Vec::new();
    for span in spans {
        let names = found.entry(span.name).or_default();
        names.extend(span.fields.keys().map(String::as_str));
        values.extend(span.fields.values());
    }
    // Every field of the list was seen, and no other.
    assert_eq!(found, allowed);

    let allowed = BTreeSet::from([
        "message",
        "kind",
        "status",
        "code",
        "request_id",
        "client_request_id",
    ]);
    for event in heard.events.iter().chain(&refused.events) {
        assert!(
            event.keys().all(|name| allowed.contains(name.as_str())),
            "{event:?}"
        );
        values.extend(event.values());
    }
    for value in values {
        for hidden in HIDDEN {
            assert!(!value.contains(hidden), "{hidden} in {value}");
        }
        assert!(!value.contains('?'), "a query in {value}");
    }
}
