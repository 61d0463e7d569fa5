//! Pages to decode: a thousand rows of some 700 bytes each, one row in six with an escape.

/// How the rows of a page are written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Style {
    /// Compact, in the order of Microsoft's example.
    Documented,
    /// Compact, in another order.
    Reordered,
    /// With line breaks and indentation, as in Microsoft's example.
    Indented,
}

impl Style {
    pub(crate) const ALL: [(Self, &'static str); 3] = [
        (Self::Documented, "documented order, compact"),
        (Self::Reordered, "another order, compact"),
        (Self::Indented, "documented order, indented"),
    ];
}

pub(crate) const ROWS: usize = 1000;

/// A page; the same number gives the same page.
pub(crate) fn page(number: u64, style: Style) -> Vec<u8> {
    let mut draw = Draw(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let rows: Vec<String> = (0..ROWS).map(|n| row(&mut draw, n, style)).collect();
    let (open, between, close) = match style {
        Style::Indented => ("[\n        ", ",\n        ", "\n    ]"),
        _ => ("[", ",", "]"),
    };
    let rows = rows.join(between);
    format!(
        "{{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)\",\
         \"@odata.count\":{ROWS},\"value\":{open}{rows}{close},\
         \"@odata.nextLink\":\"https://graph.microsoft.com/v1.0/communications/callRecords/getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip={ROWS}\"}}"
    )
    .into_bytes()
}

fn row(draw: &mut Draw, number: usize, style: Style) -> String {
    let name = if number.is_multiple_of(6) {
        "Zo\\u00eb \\\"Z\\\" Example"
    } else {
        "Ada Lovelace Example"
    };
    let user = draw.below(400);
    let second = draw.below(60);
    let minute = draw.below(60);
    let duration = draw.below(4000);
    let outward = draw.below(2) == 0;
    let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    let conference = match draw.below(8) {
        0 => format!("\"{}\"", draw.guid()),
        _ => "null".to_owned(),
    };
    let quoted = |text: &str| format!("\"{text}\"");
    let mut members: Vec<(&str, String)> = vec![
        ("id", quoted(&draw.guid())),
        (
            "callId",
            format!(
                "\"{}_{}@192.0.2.{}\"",
                draw.below(1 << 31),
                draw.below(1 << 27),
                draw.below(256)
            ),
        ),
        ("userId", format!("\"00000000-0000-4000-8000-{user:012}\"")),
        (
            "userPrincipalName",
            format!("\"ada.lovelace.{user}@contoso.example\""),
        ),
        ("userDisplayName", quoted(name)),
        (
            "startDateTime",
            format!(
                "\"2019-11-{:02}T{:02}:{minute:02}:{second:02}.{:07}Z\"",
                1 + draw.below(28),
                draw.below(24),
                draw.below(10_000_000)
            ),
        ),
        (
            "endDateTime",
            format!(
                "\"2019-11-{:02}T{:02}:{minute:02}:{second:02}.{:07}Z\"",
                1 + draw.below(28),
                draw.below(24),
                draw.below(10_000_000)
            ),
        ),
        ("duration", duration.to_string()),
        ("charge", money(draw.below(900))),
        (
            "callType",
            quoted(if outward { "user_out" } else { "user_in" }),
        ),
        ("currency", quoted("USD")),
        ("calleeNumber", format!("\"+155501{:02}\"", draw.below(100))),
        ("usageCountryCode", quoted("US")),
        ("tenantCountryCode", quoted("US")),
        ("connectionCharge", money(draw.below(20))),
        ("callerNumber", format!("\"+155501{:02}\"", draw.below(100))),
        (
            "destinationContext",
            if outward {
                quoted("Domestic")
            } else {
                "null".to_owned()
            },
        ),
        ("destinationName", quoted("United States")),
        ("conferenceId", conference),
        ("licenseCapability", quoted("MCOPSTN2")),
        ("inventoryType", quoted("Subscriber")),
        ("operator", quoted("Microsoft")),
        ("callDurationSource", quoted("microsoft")),
    ];
    if style == Style::Reordered {
        members.sort_by_key(|(name, _)| std::cmp::Reverse((name.len(), *name)));
    }
    let (open, between, colon, close) = match style {
        Style::Indented => ("{\n            ", ",\n            ", ": ", "\n        }"),
        _ => ("{", ",", ":", "}"),
    };
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\"{colon}{value}"))
        .collect();
    format!("{open}{}{close}", members.join(between))
}

/// Numbers without a pattern that matters (xorshift).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    fn guid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a & 0xffff,
            (a >> 16) & 0xfff,
            b & 0xfff,
            b >> 16
        )
    }
}
