use std::sync::Arc;

use hubbub_application::auth::{AuthError, AuthService};
use hubbub_application::error::{ErrorKind, ServiceError as _};
use hubbub_application::ports::Clock;
use signalr_hub::{Authenticate, AuthenticationError, AuthenticationRequest, RequestPurpose, User};

use super::session::HubSession;

/// Lets in who presents an access token or a hub ticket.
pub(super) struct TokenAuthentication {
    pub(super) auth: Arc<AuthService>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Authenticate for TokenAuthentication {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        let token = request
            .token()
            .ok_or(AuthenticationError::Unauthenticated)?;
        let access = match request.purpose() {
            RequestPurpose::Connect => self.auth.open_hub(token).await,
            RequestPurpose::Negotiate | RequestPurpose::Continue => {
                self.auth.authenticate_hub(token).await
            }
        };
        let access = access.map_err(|error| refusal(&error))?;
        let session = HubSession {
            user_id: access.identity.user.id,
            session_id: access.identity.session_id,
            deadline: access.deadline,
        };
        let left = access.deadline.since(self.clock.now());
        Ok(User::new(session.user_id.to_string())
            .expires_in(left)
            .with(session))
    }
}

fn refusal(error: &AuthError) -> AuthenticationError {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Internal => AuthenticationError::Unavailable,
        _ => AuthenticationError::Unauthenticated,
    }
}
