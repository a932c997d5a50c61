//! `opora plugin build`: from source to a component, with the tools of the language.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use super::project::{Language, Project};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out;
use crate::hooks::wasm::{CONTRACT_VERSION, encode};

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the component of a project.
///
/// # Errors
/// Which tool is missing and the command that brings it, or that the source does not build.
pub fn build(project: &Project) -> Outcome<()> {
    match project.language {
        Language::Rust => rust(project)?,
        Language::Js => js(project)?,
        Language::Python => python(project)?,
    }
    let bytes =
        fs::metadata(&project.component).map_err(|e| Failure::file(&project.component, &e))?;
    out::say(&format!(
        "built {} ({} KiB)",
        project.component.display(),
        bytes.len().div_ceil(1024)
    ))
}

/// A tool that runs in the plugin's folder; its own words go to the terminal.
fn tool(project: &Project, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(&project.root);
    command
}

/// Runs a tool. `missing` says how to get it.
fn run(mut command: Command, missing: &str) -> Outcome<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|e| not_run(&name, &e, missing))?;
    if status.success() {
        return Ok(());
    }
    let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(Failure::new(format!("`{name} {}` failed", args.join(" "))))
}

/// Runs a tool and takes what it prints.
fn output(mut command: Command, missing: &str) -> Outcome<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|e| not_run(&name, &e, missing))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{name}` failed")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn not_run(name: &str, error: &std::io::Error, missing: &str) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        return Failure::new(format!("`{name}` is missing: {missing}"));
    }
    Failure::new(format!("`{name}` cannot be run: {error}"))
}

fn rust(project: &Project) -> Outcome<()> {
    let cargo = "install Rust 1.95 or later from https://rustup.rs";
    let sysroot = output(tool(project, "rustc", &["--print", "sysroot"]), cargo)?;
    if !Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
    {
        let add = tool(project, "rustup", &["target", "add", TARGET]);
        run(
            add,
            &format!("the Rust target {TARGET} is needed: rustup target add {TARGET}"),
        )?;
    }
    run(
        tool(
            project,
            "cargo",
            &["build", "--quiet", "--release", "--target", TARGET],
        ),
        cargo,
    )?;
    let metadata = tool(
        project,
        "cargo",
        &["metadata", "--no-deps", "--format-version", "1"],
    );
    let metadata = output(metadata, cargo)?;
    let core = artifact(&metadata).ok_or_else(|| {
        Failure::new("cargo tells no library; Cargo.toml needs crate-type = [\"cdylib\"]")
    })?;
    let bytes = fs::read(&core).map_err(|e| Failure::file(&core, &e))?;
    let component = encode(&bytes).map_err(|e| Failure::file(&core, &e))?;
    fs::write(&project.component, component).map_err(|e| Failure::file(&project.component, &e))
}

/// Where cargo leaves the module of the first package with a library for WebAssembly.
fn artifact(metadata: &str) -> Option<PathBuf> {
    let json: Json = serde_json::from_str(metadata).ok()?;
    let folder = PathBuf::from(json.get("target_directory")?.as_str()?);
    let is_library = |target: &&Json| {
        let types = target.get("crate_types").and_then(Json::as_array);
        types.is_some_and(|types| types.iter().any(|t| t == "cdylib"))
    };
    let packages = json.get("packages")?.as_array()?.iter();
    let mut targets =
        packages.filter_map(|p| p.get("targets")?.as_array()?.iter().find(is_library));
    let name = targets.next()?.get("name")?.as_str()?.replace('-', "_");
    Some(
        folder
            .join(TARGET)
            .join("release")
            .join(name)
            .with_extension("wasm"),
    )
}

fn js(project: &Project) -> Outcome<()> {
    let node = "install Node.js 20 or later with npm, for instance apt-get install nodejs npm";
    let main = "node_modules/@bytecodealliance/componentize-js/src/cli.js";
    if !project.root.join(main).is_file() {
        out::say("installing componentize-js into node_modules")?;
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        run(
            tool(
                project,
                npm,
                &["install", "--no-audit", "--no-fund", "--silent"],
            ),
            node,
        )?;
    }
    let entry = project.root.join("opora-sdk/entry.js");
    fs::write(&entry, js_entry(&World::of(project)?)).map_err(|e| Failure::file(&entry, &e))?;
    let mut command = tool(
        project,
        "node",
        &[main, "--wit", "wit", "--world-name", "plugin"],
    );
    for feature in ["stdio", "random", "clocks", "http", "fetch-event"] {
        command.args(["--disable", feature]);
    }
    command
        .arg("--out")
        .arg(&project.component)
        .arg("opora-sdk/entry.js");
    run(command, node)
}

/// What `wit/world.wit` of a project says.
struct World {
    /// Version of the contract that `log` is imported of.
    log: String,
    /// Names of the interfaces that are exported.
    exports: Vec<String>,
}

impl World {
    fn of(project: &Project) -> Outcome<Self> {
        let path = project.root.join("wit/world.wit");
        let text = fs::read_to_string(&path).map_err(|e| Failure::file(&path, &e))?;
        let named = |keyword: &str| -> Vec<(String, String)> {
            let lines = text.lines().filter_map(|line| {
                let rest = line.trim().strip_prefix(keyword)?.trim_start();
                let rest = rest.strip_prefix("opora:hooks/")?.trim_end();
                let (name, version) = rest.strip_suffix(';')?.split_once('@')?;
                Some((name.trim().to_owned(), version.trim().to_owned()))
            });
            lines.collect()
        };
        let exports: Vec<String> = named("export").into_iter().map(|(name, _)| name).collect();
        if exports.is_empty() {
            let missing = format!(
                "names no hook; write a line such as export opora:hooks/transition-guard@{CONTRACT_VERSION};"
            );
            return Err(Failure::file(&path, &missing));
        }
        // A project keeps the version that it was made for.
        let mut included = named("include").into_iter();
        let log = included.find_map(|(name, version)| (name == "imports").then_some(version));
        let log = log.unwrap_or_else(|| CONTRACT_VERSION.to_owned());
        Ok(Self { log, exports })
    }
}

/// The module whose exports are the component's.
fn js_entry(world: &World) -> String {
    let mut text = format!(
        "// Written by `opora plugin build`.\n\
         import * as log from 'opora:hooks/log@{version}';\n\
         import * as plugin from '../plugin.js';\n\
         import {{ hook, teller }} from './opora.js';\n\n\
         teller.because = log.because;\nteller.panicked = log.panicked;\n\n",
        version = world.log
    );
    for interface in &world.exports {
        let name = camel(interface);
        let function = function_of(interface);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "export const {name} = {{ {function}: hook('{name}', plugin.{name}) }};"
        );
    }
    text
}

fn camel(interface: &str) -> String {
    let mut words = interface.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let (head, tail) = word.split_at_checked(1).unwrap_or((word, ""));
        name.push_str(&head.to_uppercase());
        name.push_str(tail);
        name
    })
}

/// The function of an interface of the contract: its only one.
fn function_of(interface: &str) -> String {
    let file = format!("/{interface}.wit");
    let mut texts = crate::hooks::wasm::WIT.iter().rev();
    let text = texts
        .find(|(path, _)| path.ends_with(&file))
        .map_or("", |(_, text)| text);
    let mut lines = text
        .lines()
        .filter_map(|line| line.trim().split_once(": func("));
    let name = lines.next().map_or("", |(name, _)| name);
    camel(name)
}

fn python(project: &Project) -> Outcome<()> {
    let python =
        "install Python 3.10 or later with venv, for instance apt-get install python3-venv";
    let bin = project.root.join(if cfg!(windows) {
        ".venv/Scripts"
    } else {
        ".venv/bin"
    });
    let builder = bin
        .join("componentize-py")
        .with_extension(std::env::consts::EXE_EXTENSION);
    if !builder.is_file() {
        out::say("installing componentize-py into .venv")?;
        let name = if cfg!(windows) { "python" } else { "python3" };
        run(tool(project, name, &["-m", "venv", ".venv"]), python)?;
        let args = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            "requirements.txt",
        ];
        run(tool(project, bin.join("python"), &args), python)?;
    }
    let mut command = tool(
        project,
        &builder,
        &[
            "-q",
            "-d",
            "wit",
            "-w",
            "plugin",
            "componentize",
            "--stub-wasi",
        ],
    );
    command
        .args(["-p", ".", "-p", "opora-sdk", "-o"])
        .arg(&project.component)
        .arg("opora_entry");
    run(command, python)
}
