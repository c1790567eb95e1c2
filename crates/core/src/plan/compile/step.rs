//! One request as written to one step of the plan.

use std::collections::BTreeSet;

use http::Method;

use crate::error::Problem;
use crate::plan::compile::Texts;
use crate::plan::compile::module::ModuleDraft;
use crate::plan::fingerprint::{Phase, Rows, Use};
use crate::plan::request::{
    BodyPlan, HeaderOverride, HeaderPlan, Judgement, PathPlan, PathShape, RequestPlan, StepPlan, content_type,
};
use crate::plan::scope::Files;
use crate::suite::RequestSpec;
use crate::wire::Target;

/// Where a step belongs.
#[derive(Clone, Debug)]
pub(crate) struct StepPlace<'a> {
    /// Index of the class.
    pub(crate) class: usize,
    pub(crate) class_name: &'a str,
    /// A task by its number or name, `on_start`, `on_stop`.
    pub(crate) part: String,
    pub(crate) phase: Phase,
    pub(crate) target: &'a Target,
    /// Set in place of those of the module.
    pub(crate) headers: &'a [HeaderOverride],
}

impl StepPlace<'_> {
    /// File and line, class and task.
    fn describe(&self, spec: &RequestSpec) -> String {
        let (line, _) = spec.at.line_column();
        format!("{}:{line}, class {}, {}", spec.at.file.path.display(), self.class_name, self.part)
    }
}

/// Compiles and tries one request.
///
/// # Errors
/// All mistakes found in it.
pub(crate) fn compile_step(
    spec: &RequestSpec,
    place: &StepPlace<'_>,
    module: &mut ModuleDraft<'_>,
    rows: &mut Rows,
) -> Result<StepPlan, Vec<Problem>> {
    let ModuleDraft { index, known, shown, trial, .. } = module;
    let module_index = *index;
    if let Files::Reading(reader) = &mut trial.state().files {
        reader.take_touched();
    }
    let mut texts = Texts::new(known, shown, trial, &spec.at);
    let parts = compile_parts(spec, place, &mut texts);
    let reads = texts.reads().clone();
    let problems = texts.into_problems();
    let Some(Parts { mut request, judgement, name, path, headers, body }) =
        parts.filter(|_| problems.is_empty())
    else {
        return Err(problems);
    };
    match module.attempt(&request, &reads) {
        Ok(Some(rendered)) => request.freeze(&rendered),
        Ok(None) => {}
        Err(failure) => return Err(vec![failure.into_problem(&spec.at)]),
    }
    let used = Use {
        class: place.class,
        phase: place.phase.clone(),
        path: path.whole,
        headers,
        body,
        expect: judgement.shape(),
        data: module.data_of(&reads),
    };
    let Some(series) = rows.note(module_index, &spec.method, &name, used) else {
        return Err(vec![spec.at.problem("there are more than 65536 rows; give requests a common `name`")]);
    };
    Ok(StepPlan {
        series,
        timeout: spec.timeout,
        wait: spec.wait,
        keep_going: spec.keep_going,
        request,
        judgement,
        place: place.describe(spec),
    })
}

/// A request with everything about it that is decided by its texts.
struct Parts {
    request: RequestPlan,
    judgement: Judgement,
    name: String,
    path: PathShape,
    headers: String,
    body: String,
}

fn compile_parts(spec: &RequestSpec, place: &StepPlace<'_>, texts: &mut Texts<'_>) -> Option<Parts> {
    let target = place.target;
    let (path, path_shape) = PathPlan::compile(spec, &target.prefix, texts);
    let (mut headers, headers_shape) =
        HeaderPlan::compile(spec, &target.authority(), content_type(&spec.body), texts);
    headers.replace(place.headers);
    let (body, body_shape) = BodyPlan::compile(&spec.body, texts);
    let judgement = Judgement::compile(spec, texts);
    let name = row_name(spec, &path_shape, texts)?;
    let Ok(method) = Method::from_bytes(spec.method.as_bytes()) else {
        texts.fail(format!("`{}` is not a method", spec.method));
        return None;
    };
    let capture = judgement.capture();
    let request = RequestPlan { method, path, headers, body, capture, prepared: None };
    Some(Parts { request, judgement, name, path: path_shape, headers: headers_shape, body: body_shape })
}

/// The row's name: as given, else the path without query, in which only variables are put in, so that
/// there are as many rows as requests in the module and not as many as rows in a table.
fn row_name(spec: &RequestSpec, path: &PathShape, texts: &mut Texts<'_>) -> Option<String> {
    let Some(name) = &spec.name else { return Some(path.path.clone()) };
    let text = texts.of_variables(name)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        texts.push(name.at.problem("the name of a row is one line that is not empty"));
        return None;
    }
    Some(texts.redact(text))
}

/// The names without what stands behind the first dot.
pub(crate) fn heads(reads: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    reads.iter().map(|read| read.split('.').next().unwrap_or(read))
}
