//! Checks messages against an OpenAPI 3.1 description, so that two programs are held to one file.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// Where the description stands while its references are resolved; it is never fetched.
const ROOT: &str = "urn:interface";
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CannotLoad {
    /// The file cannot be read.
    #[error("the description cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is not YAML.
    #[error("the description is not YAML: {0}")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// A part that OpenAPI requires is missing, or a reference leads nowhere.
    #[error("the description has no {0}")]
    Missing(String),
    /// A schema is wrong.
    #[error("the schema at {0}: {1}")]
    Schema(String, String),
}

/// A message that the description does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// No operation has this id, or this method and path.
    #[error("no such operation: {0}")]
    UnknownOperation(String),
    /// The operation takes no request body.
    #[error("{0} takes no body")]
    NoBodyAllowed(String),
    /// The operation requires a request body.
    #[error("{0} requires a body")]
    BodyMissing(String),
    /// The operation never answers with this status.
    #[error("{0} never answers {1}")]
    UnknownStatus(String, u16),
    /// The body has another media type than described.
    #[error("{0}: media type {1:?} instead of {2}")]
    MediaType(String, String, String),
    /// A query parameter that the operation does not have, or with a value it does not allow.
    #[error("{0}: parameter {1}: {2}")]
    Parameter(String, String, String),
    /// The body is not what the schema says.
    #[error("{0}: {1}")]
    Body(String, String),
}

/// A loaded description: every schema compiled, every reference resolved.
#[derive(Debug)]
pub struct Interface {
    operations: BTreeMap<String, Operation>,
}

#[derive(Debug)]
struct Operation {
    method: String,
    /// The path's segments; `None` where a parameter stands.
    path: Vec<Option<String>>,
    parameters: BTreeMap<String, Parameter>,
    request: Option<Content>,
    responses: BTreeMap<u16, Content>,
}

#[derive(Debug)]
struct Parameter {
    place: String,
    required: bool,
    schema: Validator,
}

/// The one media type that a body has, its schema, and the examples given for it.
#[derive(Debug)]
struct Content {
    media_type: String,
    schema: Validator,
    examples: Vec<Value>,
}

impl Interface {
    /// Reads a description.
    ///
    /// # Errors
    /// Where the file is not one that can be checked against.
    pub fn load(path: &Path) -> Result<Self, CannotLoad> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    /// Reads a description from its YAML text.
    ///
    /// # Errors
    /// As [`Interface::load`].
    pub fn parse(yaml: &str) -> Result<Self, CannotLoad> {
        let document: Value =
            serde_saphyr::from_str(yaml).map_err(|error| CannotLoad::Yaml(Box::new(error)))?;
        let wrong =
            |error: &dyn std::fmt::Display| CannotLoad::Schema("#".into(), error.to_string());
        let registry = Registry::new()
            .add(ROOT, document.clone())
            .map_err(|error| wrong(&error))?
            .prepare()
            .map_err(|error| wrong(&error))?;
        let reader = Reader {
            document: &document,
            registry: &registry,
        };
        Ok(Self {
            operations: reader.operations()?,
        })
    }

    /// The id of the operation that answers this method on this path (without its query).
    ///
    /// # Errors
    /// Where the description has none.
    pub fn operation(&self, method: &str, path: &str) -> Result<&str, Violation> {
        let segments: Vec<_> = path.split('/').collect();
        self.operations
            .iter()
            .find(|(_, operation)| {
                operation.method.eq_ignore_ascii_case(method) && operation.has_path(&segments)
            })
            .map(|(id, _)| id.as_str())
            .ok_or_else(|| Violation::UnknownOperation(format!("{method} {path}")))
    }

    /// Every operation with the statuses it can answer.
    pub fn operations(&self) -> impl Iterator<Item = (&str, Vec<u16>)> {
        self.operations
            .iter()
            .map(|(id, operation)| (id.as_str(), operation.responses.keys().copied().collect()))
    }

    /// The examples of an operation's request body.
    ///
    /// # Errors
    /// Where there is no such operation.
    pub fn request_examples(&self, operation_id: &str) -> Result<&[Value], Violation> {
        let request = self.find(operation_id)?.request.as_ref();
        Ok(request
            .map(|content| content.examples.as_slice())
            .unwrap_or_default())
    }

    /// The examples of an operation's answer with a status.
    ///
    /// # Errors
    /// Where there is no such operation, or no such answer.
    pub fn response_examples(
        &self,
        operation_id: &str,
        status: u16,
    ) -> Result<&[Value], Violation> {
        Ok(&self.response(operation_id, status)?.examples)
    }

    /// Checks a request's body.
    ///
    /// # Errors
    /// The first thing that the description does not allow.
    pub fn check_request(&self, operation_id: &str, body: &Value) -> Result<(), Violation> {
        match &self.find(operation_id)?.request {
            Some(content) => content.check(operation_id, body),
            None => Err(Violation::NoBodyAllowed(operation_id.to_owned())),
        }
    }

    /// Checks that a request without a body may have none.
    ///
    /// # Errors
    /// Where it may not.
    pub fn check_no_request(&self, operation_id: &str) -> Result<(), Violation> {
        match &self.find(operation_id)?.request {
            Some(_) => Err(Violation::BodyMissing(operation_id.to_owned())),
            None => Ok(()),
        }
    }

    /// Checks a request's query parameters, given decoded.
    ///
    /// # Errors
    /// The first parameter that is unknown, not allowed so, or missing.
    pub fn check_query(
        &self,
        operation_id: &str,
        query: &[(String, String)],
    ) -> Result<(), Violation> {
        let operation = self.find(operation_id)?;
        let wrong = |name: &str, why: &str| {
            Violation::Parameter(operation_id.to_owned(), name.to_owned(), why.to_owned())
        };
        for (name, text) in query {
            let parameter = operation
                .parameters
                .get(name)
                .filter(|parameter| parameter.place == "query")
                .ok_or_else(|| wrong(name, "not described"))?;
            // A query has text only; what the schema wants as a number is written as one.
            let number = text.parse::<u64>().ok().map(|number| json!(number));
            let allowed = number.is_some_and(|number| parameter.schema.is_valid(&number))
                || parameter.schema.is_valid(&json!(text));
            if !allowed {
                return Err(wrong(name, "its value is not allowed"));
            }
        }
        let missing = operation.parameters.iter().find(|(name, parameter)| {
            parameter.required
                && parameter.place == "query"
                && !query.iter().any(|(given, _)| given == *name)
        });
        missing.map_or(Ok(()), |(name, _)| Err(wrong(name, "missing")))
    }

    /// Checks an answer's body.
    ///
    /// # Errors
    /// The first thing that the description does not allow.
    pub fn check_response(
        &self,
        operation_id: &str,
        status: u16,
        body: &Value,
    ) -> Result<(), Violation> {
        let place = format!("{operation_id} {status}");
        self.response(operation_id, status)?.check(&place, body)
    }

    /// Checks the `Content-Type` of a request, or of an answer where a status is given.
    ///
    /// # Errors
    /// Where it is another than described.
    pub fn check_media_type(
        &self,
        operation_id: &str,
        status: Option<u16>,
        given: &str,
    ) -> Result<(), Violation> {
        let content = match status {
            Some(status) => self.response(operation_id, status)?,
            None => (self.find(operation_id)?.request.as_ref())
                .ok_or_else(|| Violation::NoBodyAllowed(operation_id.to_owned()))?,
        };
        let essence = given.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(&content.media_type) {
            return Ok(());
        }
        let (place, expected) = (operation_id.to_owned(), content.media_type.clone());
        Err(Violation::MediaType(place, given.to_owned(), expected))
    }

    fn find(&self, operation_id: &str) -> Result<&Operation, Violation> {
        self.operations
            .get(operation_id)
            .ok_or_else(|| Violation::UnknownOperation(operation_id.to_owned()))
    }

    fn response(&self, operation_id: &str, status: u16) -> Result<&Content, Violation> {
        self.find(operation_id)?
            .responses
            .get(&status)
            .ok_or_else(|| Violation::UnknownStatus(operation_id.to_owned(), status))
    }
}

impl Operation {
    fn has_path(&self, segments: &[&str]) -> bool {
        self.path.len() == segments.len()
            && self
                .path
                .iter()
                .zip(segments)
                .all(|(known, given)| match known {
                    Some(known) => known == given,
                    None => !given.is_empty(),
                })
    }
}

impl Content {
    fn check(&self, place: &str, body: &Value) -> Result<(), Violation> {
        self.schema.validate(body).map_err(|error| {
            let at = error.instance_path().to_string();
            Violation::Body(place.to_owned(), format!("at {at:?}: {error}"))
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
openapi: 3.1.0
paths:
  /things/{id}:
    put:
      operationId: putThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: depth, in: query, schema: {type: integer, maximum: 3}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
      responses:
        '200': {$ref: '#/components/responses/Thing'}
components:
  schemas:
    Thing: {type: object, additionalProperties: false, properties: {size: {type: integer}}}
  responses:
    Thing:
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Thing'}
";

    #[test]
    fn a_message_is_held_to_its_schema_through_references() {
        let interface = Interface::parse(SMALL).unwrap();
        assert_eq!(interface.operation("PUT", "/things/7"), Ok("putThing"));
        assert_eq!(
            interface.check_request("putThing", &json!({"size": 1})),
            Ok(())
        );
        assert_eq!(
            interface.check_response("putThing", 200, &json!({"size": 1})),
            Ok(())
        );
        assert!(
            interface
                .check_request("putThing", &json!({"size": "1"}))
                .is_err()
        );
        assert!(
            interface
                .check_response("putThing", 200, &json!({"colour": 1}))
                .is_err()
        );
        assert_eq!(
            interface.check_response("putThing", 418, &json!({})),
            Err(Violation::UnknownStatus("putThing".into(), 418))
        );
    }

    #[test]
    fn parameters_and_paths_that_are_not_described_are_violations() {
        let interface = Interface::parse(SMALL).unwrap();
        let query = |name: &str, value: &str| {
            interface.check_query("putThing", &[(name.to_owned(), value.to_owned())])
        };
        assert_eq!(query("depth", "3"), Ok(()));
        assert!(query("depth", "4").is_err());
        assert!(query("depth", "deep").is_err());
        assert!(query("id", "7").is_err());
        assert!(interface.operation("GET", "/things/7").is_err());
        assert!(interface.operation("PUT", "/things/").is_err());
    }

    #[test]
    fn a_description_with_a_dangling_reference_does_not_load() {
        let broken = SMALL.replace("responses/Thing'", "responses/Nothing'");
        assert!(matches!(
            Interface::parse(&broken),
            Err(CannotLoad::Missing(_))
        ));
    }
}
