//! Reads the operations of a description, and compiles their schemas.

use std::collections::BTreeMap;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::{CannotLoad, Content, Operation, Parameter};

/// Where the description stands while its references are resolved; it is never fetched.
const ROOT: &str = "urn:interface";
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Every operation of a description, by its id.
pub(super) fn operations(document: &Value) -> Result<BTreeMap<String, Operation>, CannotLoad> {
    let wrong = |error: &dyn std::fmt::Display| CannotLoad::Schema("#".into(), error.to_string());
    let registry = Registry::new()
        .add(ROOT, document.clone())
        .map_err(|error| wrong(&error))?
        .prepare()
        .map_err(|error| wrong(&error))?;
    Reader {
        document,
        registry: &registry,
    }
    .operations()
}

/// Walks a description, by JSON pointers so that schemas keep their place in it.
struct Reader<'a> {
    document: &'a Value,
    registry: &'a Registry<'a>,
}

impl Reader<'_> {
    fn operations(&self) -> Result<BTreeMap<String, Operation>, CannotLoad> {
        let mut operations = BTreeMap::new();
        for (path, at_path) in self.members("/paths")? {
            for method in METHODS {
                let at = format!("{at_path}/{method}");
                if let Some(operation) = self.document.pointer(&at) {
                    let id = text(operation, "operationId", &at)?;
                    operations.insert(id, self.operation(&path, method, &at)?);
                }
            }
        }
        Ok(operations)
    }

    fn operation(&self, path: &str, method: &str, at: &str) -> Result<Operation, CannotLoad> {
        let request = format!("{at}/requestBody");
        let request = self
            .document
            .pointer(&request)
            .map(|_| self.content(&request))
            .transpose()?;
        let mut responses = BTreeMap::new();
        for (status, at) in self.members(&format!("{at}/responses"))? {
            let status = status
                .parse()
                .map_err(|_| CannotLoad::Missing(format!("status at {at}")))?;
            responses.insert(status, self.content(&at)?);
        }
        let segment = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        Ok(Operation {
            method: method.to_owned(),
            path: path.split('/').map(segment).collect(),
            parameters: self.parameters(&format!("{at}/parameters"))?,
            request,
            responses,
        })
    }

    fn parameters(&self, at: &str) -> Result<BTreeMap<String, Parameter>, CannotLoad> {
        let count = self
            .document
            .pointer(at)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..count)
            .map(|index| {
                let at = self.resolved(&format!("{at}/{index}"))?;
                let parameter = self.value(&at)?;
                let read = Parameter {
                    place: text(parameter, "in", &at)?,
                    required: parameter["required"] == json!(true),
                    schema: self.schema(&format!("{at}/schema"))?,
                };
                Ok((text(parameter, "name", &at)?, read))
            })
            .collect()
    }

    /// The content of a request body or a response.
    fn content(&self, at: &str) -> Result<Content, CannotLoad> {
        let at = format!("{}/content", self.resolved(at)?);
        let (media_type, at) = self
            .members(&at)?
            .into_iter()
            .next()
            .ok_or_else(|| CannotLoad::Missing(format!("media type at {at}")))?;
        let examples = match self.value(&at)?.get("examples").and_then(Value::as_object) {
            Some(examples) => examples
                .values()
                .map(|example| example["value"].clone())
                .collect(),
            None => Vec::new(),
        };
        Ok(Content {
            media_type,
            schema: self.schema(&format!("{at}/schema"))?,
            examples,
        })
    }

    fn schema(&self, at: &str) -> Result<Validator, CannotLoad> {
        self.value(at)?;
        jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_registry(self.registry)
            .build(&json!({"$ref": format!("{ROOT}#{}", fragment(at))}))
            .map_err(|error| CannotLoad::Schema(at.to_owned(), error.to_string()))
    }

    /// Where a reference object leads, or the same place.
    fn resolved(&self, at: &str) -> Result<String, CannotLoad> {
        match self.value(at)?.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference
                .strip_prefix('#')
                .map(str::to_owned)
                .ok_or_else(|| CannotLoad::Missing(format!("{reference} within itself"))),
            None => Ok(at.to_owned()),
        }
    }

    /// The names of an object's members and the places of their values.
    fn members(&self, at: &str) -> Result<Vec<(String, String)>, CannotLoad> {
        let object = self.value(at)?.as_object();
        let object = object.ok_or_else(|| CannotLoad::Missing(format!("object at {at}")))?;
        let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
        Ok(object
            .keys()
            .map(|name| (name.clone(), format!("{at}/{}", escaped(name))))
            .collect())
    }

    fn value(&self, at: &str) -> Result<&Value, CannotLoad> {
        self.document
            .pointer(at)
            .ok_or_else(|| CannotLoad::Missing(at.to_owned()))
    }
}

fn text(object: &Value, member: &str, at: &str) -> Result<String, CannotLoad> {
    object[member]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| CannotLoad::Missing(format!("{member} at {at}")))
}

/// A pointer as a URI fragment: the braces of a path template are not allowed in one.
fn fragment(pointer: &str) -> String {
    pointer.replace('{', "%7B").replace('}', "%7D")
}
