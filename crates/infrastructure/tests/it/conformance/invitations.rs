//! Links to the server and to groups.

use std::sync::Arc;

use hubbub_domain::ids::InvitationId;
use hubbub_domain::invitation::Invitation;
use hubbub_domain::unit_of_work::Store;
use uuid::Uuid;

use super::world::{at, people, stored_group};

pub(crate) async fn invitations_are_found_by_code_and_listed_while_usable(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let invitation = |number: u8, expires| Invitation {
        id: InvitationId::from_uuid(Uuid::from_u128(u128::from(number))),
        conversation_id: None,
        code_hash: [number; 32],
        created_by: ada.id,
        created_at: at(i64::from(number)),
        expires_at: at(expires),
        max_uses: 1,
        uses: 0,
        revoked_at: None,
    };
    let mut unit = store.begin().await.unwrap();
    let mut all = [
        invitation(1, 100),
        invitation(2, 100),
        invitation(3, 10),
        invitation(4, 100),
    ];
    for invitation in &all {
        unit.invitations().add(invitation).await.unwrap();
    }
    all[0].uses = 1;
    unit.invitations().update(&all[0]).await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let found = view.invitations().find_by_code(&[1; 32]).await.unwrap();
    assert_eq!(found.as_ref(), Some(&all[0]));
    assert_eq!(
        view.invitations().find_by_code(&[9; 32]).await.unwrap(),
        None
    );
    assert_eq!(
        view.invitations().find(all[1].id).await.unwrap().as_ref(),
        Some(&all[1])
    );
    let usable = view.invitations().list_usable(None, at(50)).await.unwrap();
    assert_eq!(usable, [all[3].clone(), all[1].clone()], "the newest first");
}

pub(crate) async fn invitations_to_a_group_are_listed_apart(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let invitation = |number: u8, conversation_id| Invitation {
        id: InvitationId::from_uuid(Uuid::from_u128(u128::from(number))),
        conversation_id,
        code_hash: [number; 32],
        created_by: ada.id,
        created_at: at(i64::from(number)),
        expires_at: at(100),
        max_uses: 1,
        uses: 0,
        revoked_at: None,
    };
    let mut unit = store.begin().await.unwrap();
    let invitations = unit.invitations();
    let [group, server] = [invitation(1, Some(tea.id)), invitation(2, None)];
    for invitation in [&group, &server] {
        invitations.add(invitation).await.unwrap();
        let found = invitations.find(invitation.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(invitation));
    }
    let listed = invitations.list_usable(Some(tea.id), at(50)).await.unwrap();
    assert_eq!(listed, [group]);
    let listed = invitations.list_usable(None, at(50)).await.unwrap();
    assert_eq!(listed, [server]);
    assert!(
        invitations
            .list_usable(Some(tea.id), at(100))
            .await
            .unwrap()
            .is_empty()
    );
}
