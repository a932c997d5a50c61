//! Where a pack's definitions came from, so that a fault found late still names its line.

use super::fault::PackFault;
use super::source::Source;
use crate::domain::Definitions;

/// Where definitions came from: first those of the file, then those of the plugin.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) pack: String,
    pub(super) manifest: Source,
    pub(super) file: Option<Source>,
    pub(super) plugin: Option<String>,
    /// How many types, workflows, field sets, surveys, processes, reports, documents, workspaces and
    /// words for what is taken the file has.
    counts: [usize; 9],
}

impl Origin {
    pub(super) fn new(
        manifest: Source,
        file: Option<Source>,
        plugin: Option<String>,
        of_file: &Definitions,
    ) -> Self {
        Self {
            pack: manifest.pack.clone(),
            manifest,
            file,
            plugin,
            counts: [
                of_file.types.len(),
                of_file.workflows.len(),
                of_file.field_sets.len(),
                of_file.surveys.len(),
                of_file.processes.len(),
                of_file.reports.len(),
                of_file.documents.len(),
                of_file.workspaces.len(),
                of_file.taken.len(),
            ],
        }
    }

    /// A fault of the definition that `path` leads to, such as `type/3/workflow`.
    pub(super) fn fault(&self, path: &str, message: impl Into<String>) -> PackFault {
        let mut steps = path.split('/');
        let keys = [
            "type",
            "workflow",
            "field_set",
            "survey",
            "process",
            "report",
            "document",
            "workspace",
            "taken",
        ];
        let count = steps
            .next()
            .and_then(|key| keys.iter().position(|k| *k == key))
            .and_then(|i| self.counts.get(i));
        let index: Option<usize> = steps.next().and_then(|i| i.parse().ok());
        let in_file = count.zip(index).is_none_or(|(count, i)| i < *count);
        match (&self.file, &self.plugin) {
            (Some(source), _) if in_file => source.fault(path, message),
            (_, Some(plugin)) => PackFault::of_file(&self.pack, plugin, message),
            (Some(source), None) => source.fault(path, message),
            (None, None) => PackFault::of_file(&self.pack, super::read::FILE, message),
        }
    }
}
