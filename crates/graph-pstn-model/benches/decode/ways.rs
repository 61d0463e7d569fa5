//! The ways to decode a page that are compared.

use std::{error::Error, hint::black_box};

use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
use serde::Deserialize;

/// What many would write: owned strings, charges as floats, times left as text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read for the sake of reading")]
pub(crate) struct NaiveRow {
    id: Option<String>,
    call_id: Option<String>,
    user_id: Option<String>,
    user_principal_name: Option<String>,
    user_display_name: Option<String>,
    start_date_time: Option<String>,
    end_date_time: Option<String>,
    duration: Option<i32>,
    charge: Option<f64>,
    call_type: Option<String>,
    currency: Option<String>,
    callee_number: Option<String>,
    usage_country_code: Option<String>,
    tenant_country_code: Option<String>,
    connection_charge: Option<f64>,
    caller_number: Option<String>,
    destination_context: Option<String>,
    destination_name: Option<String>,
    conference_id: Option<String>,
    license_capability: Option<String>,
    inventory_type: Option<String>,
    operator: Option<String>,
    call_duration_source: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NaivePage {
    pub(crate) value: Vec<NaiveRow>,
    #[serde(rename = "@odata.nextLink")]
    #[expect(dead_code, reason = "read for the sake of reading")]
    next_link: Option<String>,
}

/// The row type behind another name, so that the page is read by serde alone.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct BySerde(
    #[expect(dead_code, reason = "read for the sake of reading")] PstnCallLogRow,
);

/// A way to decode a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Naive,
    SonicRs,
    SimdJson,
    Serde,
    Reader,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [
        Self::Naive,
        Self::SonicRs,
        Self::SimdJson,
        Self::Serde,
        Self::Reader,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive: serde_json, String, f64",
            Self::SonicRs => "sonic-rs into the same",
            Self::SimdJson => "simd-json into the same",
            Self::Serde => "this crate, serde alone",
            Self::Reader => "this crate",
        }
    }
}

/// What `simd-json` wants to be kept between pages: it writes into its input.
#[derive(Default)]
pub(crate) struct Scratch {
    page: Vec<u8>,
    buffers: simd_json::Buffers,
}

/// Decodes a page, hands the number of its rows to `look` while they are there, and drops them.
pub(crate) fn decode(
    way: Way,
    page: &[u8],
    scratch: &mut Scratch,
    look: impl FnOnce(usize),
) -> Result<(), Box<dyn Error>> {
    let page = black_box(page);
    match way {
        Way::Naive => {
            let page: NaivePage = serde_json::from_slice(page)?;
            look(black_box(&page).value.len());
        }
        Way::SonicRs => {
            let page: NaivePage = sonic_rs::from_slice(page)?;
            look(black_box(&page).value.len());
        }
        Way::SimdJson => {
            scratch.page.clear();
            scratch.page.extend_from_slice(page);
            let page: NaivePage =
                simd_json::serde::from_slice_with_buffers(&mut scratch.page, &mut scratch.buffers)?;
            look(black_box(&page).value.len());
        }
        Way::Serde => {
            let page = Collection::<BySerde>::from_slice(page, BadRow::SetAside)?;
            look(black_box(&page).rows.len());
        }
        Way::Reader => {
            let page = Collection::<PstnCallLogRow>::from_slice(page, BadRow::SetAside)?;
            look(black_box(&page).rows.len());
        }
    }
    Ok(())
}
