//! Checks messages against an OpenAPI 3.1 description, so that two programs are held to one file.

mod reader;

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

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
        Ok(Self {
            operations: reader::operations(&document)?,
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
