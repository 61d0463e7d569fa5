//! Prints the public API of a crate, one item a line, from what rustdoc says of it in JSON. `cargo xtask api`
//! runs it.

use std::{env, process::ExitCode};

use public_api::Builder;

fn main() -> ExitCode {
    let Some(json) = env::args_os().nth(1) else {
        eprintln!("error: name a file of rustdoc's JSON");
        return ExitCode::FAILURE;
    };
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    match api {
        Ok(api) => {
            print!("{api}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
