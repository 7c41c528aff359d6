use hubbub_application::users::ChangeProfile;

use crate::told::{Follower, told};
use crate::world::{World, code};

#[tokio::test]
async fn a_profile_changes_in_the_parts_that_are_given() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let named = ChangeProfile {
        display_name: Some("  Bob  B. ".to_owned()),
        private_receipts: None,
    };
    let profile = world.users.change_profile(bob, named).await.unwrap();
    assert_eq!(
        (profile.user.display_name.as_str(), profile.private_receipts),
        ("Bob B.", false)
    );
    assert!(told(&world).await.is_empty());
    let mut follower = Follower::new(&world, &[ada, bob]).await;
    let private = ChangeProfile {
        display_name: None,
        private_receipts: Some(true),
    };
    let change = || world.users.change_profile(bob, private.clone());
    let profile = change().await.unwrap();
    assert_eq!(
        (profile.user.display_name.as_str(), profile.private_receipts),
        ("Bob B.", true)
    );
    assert_eq!(world.users.profile(bob).await.unwrap(), profile);
    follower.follow(&world);
    follower.has_arrived(&world).await;
    change().await.unwrap();
    assert!(told(&world).await.is_empty(), "nothing is different");
    follower.has_arrived(&world).await;
    let heads = world.chat.heads(bob).await.unwrap();
    assert!(heads.has_private_receipts);
}

#[tokio::test]
async fn a_profile_that_breaks_a_rule_changes_in_no_part() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let broken = ChangeProfile {
        display_name: Some(" ".to_owned()),
        private_receipts: Some(true),
    };
    let refused = world.users.change_profile(ada, broken).await;
    assert_eq!(code(refused), "invalid_display_name");
    let profile = world.users.profile(ada).await.unwrap();
    assert_eq!(
        (profile.user.display_name.as_str(), profile.private_receipts),
        ("owner", false)
    );
}
