//! The one environment of all templates: how names, undefined values and emitted values are treated.

use std::borrow::Cow;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Expression, Output, State, Template, UndefinedBehavior, Value,
    escape_formatter,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::plan::functions;

/// What happens to values that a template puts into its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    Plain,
    /// Percent-encoded for a path; `/` stays.
    Path,
    /// Percent-encoded for a name or a value of a query.
    Query,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Path => "path",
            Self::Query => "query",
        }
    }
}

/// What stays as it is when a value is put into a path: what RFC 3986 allows there, but `%`, `?` and `#`.
pub(crate) const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// What stays as it is in a name or a value of a query: the unreserved characters of RFC 3986.
pub(crate) const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One for the whole process, because a compiled template borrows its environment and a plan could not
/// hold both. Nothing in it changes and nothing belongs to a module: names are looked up in the context.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Errors name the undefined expression; it costs nothing while there is no error.
    environment.set_debug(true);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(|name| match name {
        "path" | "query" => AutoEscape::Custom(Cow::Owned(name.to_owned())),
        _ => AutoEscape::None,
    });
    environment.set_formatter(emit);
    functions::add_to(&mut environment);
    environment
});

/// Compiles a template.
///
/// Its text is never freed: a template without a lock around it borrows its text, and a plan lives about as
/// long as the process. It is as long as the module's file at most.
pub(super) fn template(source: &str, mode: Mode) -> Result<Template<'static, 'static>, Error> {
    let source: &'static str = Box::leak(source.to_owned().into_boxed_str());
    ENVIRONMENT.template_from_named_str(mode.name(), source)
}

/// Compiles an expression.
pub(super) fn expression(source: &str) -> Result<Expression<'static, 'static>, Error> {
    ENVIRONMENT.compile_expression_owned(source.to_owned())
}

/// The names of all functions.
pub(crate) fn function_names() -> impl Iterator<Item = &'static str> {
    ENVIRONMENT.globals().map(|(name, _)| name)
}

/// Writes a value that a template puts into its text.
fn emit(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let AutoEscape::Custom(mode) = state.auto_escape() else {
        return escape_formatter(out, state, value);
    };
    let in_path = mode == Mode::Path.name();
    let refused =
        |what: &str| Err(Error::new(ErrorKind::InvalidOperation, format!("a value in the path {what}")));
    if value.is_none() {
        return refused("is none");
    }
    // `| safe` says that the text is encoded already.
    if value.is_safe() {
        return write!(out, "{value}").map_err(Error::from);
    }
    let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
    if in_path && text.chars().any(char::is_control) {
        return refused("holds a control character");
    }
    let encoded = utf8_percent_encode(&text, if in_path { PATH } else { QUERY });
    write!(out, "{encoded}").map_err(Error::from)
}
