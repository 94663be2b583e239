//! Durable Objects as what runs drills: one for each dump, found by the dump's key.
//! <https://developers.cloudflare.com/durable-objects/api/namespace/#getbyname>

use worker::wasm_bindgen::JsValue;
use worker::{Method, ObjectNamespace, Request, RequestInit};

use crate::ports::{DrillStartError, Drills};

/// Where an object is asked to start; only the object sees it.
const START: &str = "https://drill/start";

/// The namespace of the objects.
#[derive(Debug)]
pub struct DurableDrills {
    namespace: ObjectNamespace,
}

impl From<ObjectNamespace> for DurableDrills {
    fn from(namespace: ObjectNamespace) -> Self {
        Self { namespace }
    }
}

impl Drills for DurableDrills {
    async fn start(&self, key: &str) -> Result<(), DrillStartError> {
        let status = ask(&self.namespace, key).await;
        let status = status.map_err(|error| DrillStartError {
            message: error.to_string(),
        })?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        Err(DrillStartError {
            message: format!("its object answered with {status}"),
        })
    }
}

/// The status of the object's answer.
async fn ask(namespace: &ObjectNamespace, key: &str) -> worker::Result<u16> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from_str(key)));
    let request = Request::new_with_init(START, &init)?;
    let stub = namespace.get_by_name(key)?;
    Ok(stub.fetch_with_request(request).await?.status_code())
}
