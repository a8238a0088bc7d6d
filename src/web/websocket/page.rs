//! Who is at the other end of a socket.

use super::crowd::Place;
use super::session::Parting;
use crate::store::StoreError;
use crate::web::app::App;

/// A page that has connected.
pub struct Page {
    /// The same after each reload.
    pub instance: String,
    /// Stands for this socket in the database.
    pub registration: String,
    /// Its place among the sockets of the operation.
    pub place: Place,
}

impl Page {
    /// The registered page is gone in this way: draws the consequences.
    pub async fn give_up(&self, app: &App, parting: Parting) -> Result<(), StoreError> {
        let (id, registration) = (self.place.operation(), self.registration.as_str());
        match parting {
            Parting::Gone => app.store.page_gone(id, registration).await?,
            Parting::Left => app.store.page_left(id, registration, app.now()).await?,
            Parting::Closed => {
                if app.store.finish_by_page(id, registration, app.now()).await? {
                    app.operation_ended(id).await;
                }
            }
        }
        Ok(())
    }
}
