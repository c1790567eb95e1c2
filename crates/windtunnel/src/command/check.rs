//! `windtunnel check`: every mistake of the modules at once, and one rendered request of each task.
//!
//! With `--send` each request is sent once and its response shown.

mod show;

use windtunnel_core::engine::rehearse;
use windtunnel_core::error::{Problem, Problems};
use windtunnel_core::plan::{Plan, RenderFault, SelectedModule, StepPlan, UserScope};
use windtunnel_core::suite::{RequestSpec, UserSpec};
use windtunnel_core::wire::PreparedRequest;

use crate::args::CheckArgs;
use crate::command::run::{generator, prepare};
use crate::command::{Context, print, select};
use crate::exit::Exit;

/// Stands for the base URL where none is set: a module can be right without one.
const NO_BASE_URL: &str = "http://base-url";

/// Checks the selected modules, all where none is named.
pub(super) fn check(args: &CheckArgs, context: &mut Context<'_>) -> Result<Exit, Problems> {
    let modules = select::modules(&args.select.names, context)?;
    let simulator = prepare::simulator(context)?;
    let mut base_urls = prepare::BaseUrls::of(context, simulator.as_ref());
    if base_urls.usual.is_none() && !args.send {
        base_urls.usual = Some(NO_BASE_URL.to_owned());
    }
    let mut problems = Problems::default();
    let mut plans = Vec::new();
    for module in modules {
        match prepare::plan(std::slice::from_ref(&module), &base_urls, context) {
            Ok((plan, _)) => plans.push((plan, module)),
            Err(mistakes) => problems.0.extend(mistakes.0),
        }
    }
    problems.into_result()?;
    if args.send { send(&plans, context) } else { render(&plans, context) }
}

fn send(plans: &[(Plan, SelectedModule)], context: &mut Context<'_>) -> Result<Exit, Problems> {
    let options = generator(context);
    if let Some(from) = &context.settings.target.insecure {
        context.console.warning(format_args!("certificates are NOT verified ({from})"));
    }
    let mut failed = false;
    for (plan, _) in plans {
        let mut printed = Ok(());
        let result = rehearse(plan, &options, &mut |rehearsal| {
            failed |= rehearsal.answer.as_ref().is_none_or(|answer| answer.failure.is_some());
            let text = show::rehearsal(plan, &rehearsal);
            if printed.is_ok() {
                printed = print(&text);
            }
        });
        printed?;
        result.map_err(|error| Problem::new(error.to_string()))?;
    }
    Ok(if failed { Exit::RequestsFailed } else { Exit::Success })
}

fn render(plans: &[(Plan, SelectedModule)], context: &mut Context<'_>) -> Result<Exit, Problems> {
    let mut problems = Problems::default();
    let mut text = String::new();
    for (plan, module) in plans {
        let mut page = Page { plan, module, text: &mut text };
        for class in 0..plan.classes.len() {
            page.class(class, &mut problems);
        }
    }
    print(&text)?;
    problems.into_result()?;
    let count = plans.len();
    context.console.info(format_args!("{count} module{} checked", if count == 1 { "" } else { "s" }));
    Ok(Exit::Success)
}

/// What is shown of one module.
struct Page<'a> {
    plan: &'a Plan,
    module: &'a SelectedModule,
    text: &'a mut String,
}

impl Page<'_> {
    fn class(&mut self, class: usize, problems: &mut Problems) {
        let plan = self.plan;
        let spec = &plan.classes[class];
        let mut user = UserScope::new(plan, class, 0);
        self.steps(class, "on_start", &spec.on_start, &mut user, problems);
        for task in &spec.tasks {
            // Forgets the rows of the task before; which task it picks does not matter here.
            let _ = user.next_task(plan);
            self.steps(class, &task.name, &task.steps, &mut user, problems);
        }
        self.steps(class, "on_stop", &spec.on_stop, &mut user, problems);
    }

    fn steps(
        &mut self,
        class: usize,
        task: &str,
        steps: &[StepPlan],
        user: &mut UserScope,
        problems: &mut Problems,
    ) {
        for (index, step) in steps.iter().enumerate() {
            match step.render(self.plan, user) {
                Ok(request) => self.request(class, task, index, &request),
                Err(RenderFault::Template { message, .. }) if self.saves(class) => {
                    let why = format!("not shown: it may need what a response is saved as ({message})");
                    self.text.push_str(&show::title(self.plan, class, task, index));
                    self.text.extend(["    ", &why, "; see --send\n\n"]);
                }
                Err(RenderFault::Template { message, place }) => {
                    problems.0.push(Problem::new(format!("{place}: {message}")));
                }
                Err(fault) => problems.0.push(Problem::new(fault.to_string())),
            }
        }
    }

    fn request(&mut self, class: usize, task: &str, index: usize, request: &PreparedRequest) {
        self.text.push_str(&show::title(self.plan, class, task, index));
        self.text.push_str(&show::request(request, &|text| self.plan.redact(text)));
        self.text.push('\n');
    }

    /// Does the class save anything of its responses: then later requests may need what nobody has sent for.
    fn saves(&self, class: usize) -> bool {
        let name = &self.plan.classes[class].name;
        let of_class = |user: &&UserSpec| user.class.value == *name;
        self.module.module.users.iter().filter(of_class).any(|user| {
            let tasks = user.tasks.iter().flat_map(|task| &task.steps);
            tasks.chain(&user.on_start).any(|step: &RequestSpec| !step.save.is_empty())
        })
    }
}
