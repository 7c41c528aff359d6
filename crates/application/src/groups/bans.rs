//! Who may not come back.

use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Ban;
use hubbub_domain::permission;
use hubbub_domain::user::Username;

use super::dto::{BanDto, BanPage};
use super::error::GroupError;
use super::service::{GroupService, authorise_manager};
use crate::paging;

impl GroupService {
    /// Keeps a person out until the ban is lifted: ends the stay of a member, and refuses who would come in by any way. Banning
    /// again changes nothing. Nobody bans an owner, and nobody oneself.
    pub async fn ban(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
    ) -> Result<(), GroupError> {
        let (mut change, own) = self.change_as_manager(actor, id).await?;
        change.get_user(user_id).await?;
        let stay = change.find_stay(user_id).await?;
        let kind = change.conversation.kind();
        let is_protected = stay
            .as_ref()
            .is_some_and(|stay| !permission::may_remove_member(own, stay.role, kind));
        if actor == user_id || is_protected {
            return Err(GroupError::Forbidden);
        }
        let ban = Ban {
            conversation_id: id,
            user_id,
            banned_by: actor,
            banned_at: change.now,
        };
        change.unit.bans().add(&ban).await?;
        if let Some(stay) = stay {
            change.depart(stay).await?;
        }
        Ok(change.commit(self.events.as_ref()).await?)
    }

    /// Lets a person come back, who has to join or be added again. Lifting what is no ban changes nothing.
    pub async fn lift_ban(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
    ) -> Result<(), GroupError> {
        let (mut change, _) = self.change_as_manager(actor, id).await?;
        if change.unit.bans().remove(id, user_id).await? {
            change.commit(self.events.as_ref()).await?;
        }
        Ok(())
    }

    /// Who was banned, by username, after the username given.
    pub async fn list_bans(
        &self,
        actor: UserId,
        id: ConversationId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<BanPage, GroupError> {
        let after = after.map(Username::parse).transpose()?;
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let mut view = self.store.read().await?;
        authorise_manager(view.as_mut(), actor, id).await?;
        let mut bans = view.bans().list(id, after.as_ref(), limit + 1).await?;
        let has_more = paging::cut(&mut bans, limit);
        Ok(BanPage {
            next: bans
                .last()
                .filter(|_| has_more)
                .map(|(user, _)| user.username.as_str().to_owned()),
            bans: bans
                .iter()
                .map(|(user, ban)| BanDto::new(user, ban))
                .collect(),
        })
    }
}
