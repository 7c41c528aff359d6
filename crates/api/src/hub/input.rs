use signalr_hub::{Context, Filter, HubError, Invocation, Next, Reply};

use super::chat_hub::{HubState, Result};

/// What clients call without anybody at the device doing something.
const AUTOMATIC: [&str; 7] = [
    "MarkRead",
    "Reauthenticate",
    "SetActivity",
    "SetStatus",
    "Sync",
    "UnwatchPresence",
    "WatchPresence",
];

/// Takes what people do for a sign that they are there.
pub(super) struct InputFilter;

impl Filter<HubState> for InputFilter {
    async fn invoke(
        &self,
        call: Invocation<HubState>,
        next: Next<HubState>,
    ) -> std::result::Result<Reply, HubError> {
        if !AUTOMATIC.contains(&call.method()) {
            let context = call.context();
            let presence = &context.state().presence;
            presence.input(context.connection_id().as_str(), true);
        }
        next.run(call).await
    }
}

pub(super) async fn set_activity(context: Context<HubState>, is_active: bool) -> Result<()> {
    let presence = &context.state().presence;
    presence.input(context.connection_id().as_str(), is_active);
    Ok(())
}
