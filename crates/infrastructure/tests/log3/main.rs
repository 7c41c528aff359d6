use async_trait::async_trait;
use hubbub_application::auth::*;
use hubbub_application::chat::*;
use hubbub_application::events::Event;
use hubbub_application::groups::*;
use hubbub_application::invitations::*;
use hubbub_application::ports::*;
use hubbub_application::server::ServerService;
use hubbub_application::users::*;
use hubbub_domain::ids::*;
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::Seq;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{Password, PasswordHash};
use hubbub_infrastructure::postgres::{PgOptions, PgStore};
use hubbub_infrastructure::security::{JwtIssuer, RandomIds, SystemClock};
use hubbub_testkit::postgres::PostgresCluster;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Bus;
impl EventBus for Bus {
    fn publish(&self, _: Event) {}
}
struct Hasher;
#[async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, _: Password) -> Result<PasswordHash, HasherBusy> {
        Ok(PasswordHash::from_phc("x".to_owned()))
    }
    async fn verify(&self, _: Password, _: PasswordHash) -> Result<bool, HasherBusy> {
        Ok(true)
    }
}
fn bad<T, E: hubbub_application::error::ServiceError>(what: &str, r: Result<T, E>) -> u32 {
    match r {
        Err(e) if matches!(e.code(), "internal" | "unavailable") => {
            let mut s = format!("{what}: {e}");
            let mut c = e.source();
            while let Some(x) = c {
                s += &format!(" <- {x}");
                c = x.source();
            }
            println!("{s}");
            1
        }
        _ => 0,
    }
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storm() {
    let cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(PgStore::open(&url, PgOptions::default()).await.unwrap());
    let clock = Arc::new(SystemClock);
    let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds);
    let bus = Arc::new(Bus);
    let server = ServerService::new(store.clone(), clock.clone(), ids.clone());
    let prepared = server.prepare().await.unwrap();
    let auth = Arc::new(
        AuthService::new(
            store.clone(),
            clock.clone(),
            ids.clone(),
            Arc::new(Hasher),
            Arc::new(JwtIssuer::new(&prepared.token_key)),
            bus.clone(),
            AuthOptions {
                registration: RegistrationMode::Open,
                access_token_lifetime: Duration::from_secs(600),
                hub_ticket_lifetime: Duration::from_secs(60),
                session_lifetime: Duration::from_secs(9999),
            },
        )
        .await
        .unwrap(),
    );
    let (writer, runners) = LogWriter::new(
        store.clone(),
        clock.clone(),
        bus.clone(),
        WriterOptions::default(),
    );
    let mut run = tokio::task::JoinSet::new();
    for r in runners {
        run.spawn(r.run());
    }
    let chat = Arc::new(ChatService::new(
        store.clone(),
        clock.clone(),
        ids.clone(),
        bus.clone(),
        writer,
    ));
    let groups = Arc::new(GroupService::new(
        store.clone(),
        clock.clone(),
        ids.clone(),
        bus.clone(),
    ));
    let users = Arc::new(UserService::new(store.clone(), bus.clone()));
    let reg = |n: String, setup: Option<String>| {
        let auth = auth.clone();
        async move {
            auth.register(Registration {
                username: n,
                password: "0123456789abc".to_owned(),
                setup_code: setup,
                ..Registration::default()
            })
            .await
        }
    };
    let mut people = vec![
        reg("owner".into(), prepared.setup_code)
            .await
            .unwrap()
            .user
            .id,
    ];
    for n in 0..11 {
        people.push(reg(format!("user{n}"), None).await.unwrap().user.id);
    }
    let id = groups
        .create(
            people[0],
            NewGroup {
                name: "T".into(),
                kind: GroupKind::Channel,
                member_ids: people.clone(),
                ..NewGroup::default()
            },
        )
        .await
        .unwrap()
        .id;
    for p in &people {
        let _ = groups
            .change_role(people[0], id, *p, MemberRole::Owner)
            .await;
    }
    let many = NewInvitation {
        expires_in_hours: None,
        max_uses: Some(1000),
    };
    let link = groups.create_invitation(people[0], id, many).await.unwrap();
    let root = chat
        .send(people[0], SendMessage::new(id, None, "root".into()))
        .await
        .unwrap()
        .message_id;
    let end = Instant::now() + Duration::from_secs(25);
    let mut tasks = tokio::task::JoinSet::new();
    for t in 0..24usize {
        let (chat, groups, users, people, auth, link) = (
            chat.clone(),
            groups.clone(),
            users.clone(),
            people.clone(),
            auth.clone(),
            link.code.clone(),
        );
        tasks.spawn(async move {
            let (mut n, mut failed) = (t, 0u32);
            let mut count = 0u32;
            while Instant::now() < end {
                n = n
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407 + t);
                let r = n >> 33;
                let me = people[r % 12];
                let you = people[(r / 12) % 12];
                count += 1;
                failed += match (r / 144) % 14 {
                    0 => bad(
                        "create",
                        groups
                            .create(
                                me,
                                NewGroup {
                                    name: "G".into(),
                                    member_ids: people.clone(),
                                    ..NewGroup::default()
                                },
                            )
                            .await,
                    ),
                    1 => bad("join", groups.join(me, id).await),
                    2 => bad("leave", groups.leave(me, id).await),
                    3 => bad("add", groups.add_member(me, id, you).await),
                    4 => bad("remove", groups.remove_member(me, id, you).await),
                    5 => {
                        bad("ban", groups.ban(me, id, you).await)
                            + bad("lift", groups.lift_ban(me, id, you).await)
                    }
                    6 => bad("accept", groups.accept_invitation(me, &link).await),
                    7 => bad(
                        "revoke",
                        match groups.create_invitation(me, id, many).await {
                            Ok(i) => groups.revoke_invitation(me, id, i.id).await,
                            Err(e) => Err(e),
                        },
                    ),
                    8 => bad(
                        "read",
                        chat.mark_read(me, id, Seq::new((r % 500) as i64), None)
                            .await,
                    ),
                    9 => bad(
                        "unread",
                        chat.mark_unread(me, id, Seq::new((r % 500) as i64)).await,
                    ),
                    10 => bad(
                        "reply",
                        chat.send(
                            me,
                            SendMessage {
                                thread_of: Some(root),
                                ..SendMessage::new(id, None, "@user1 @user2 hi".into())
                            },
                        )
                        .await,
                    ),
                    11 => bad("follow", chat.follow_thread(me, id, root, r % 2 == 0).await),
                    12 => bad(
                        "profile",
                        users
                            .change_profile(
                                me,
                                ChangeProfile {
                                    display_name: None,
                                    private_receipts: Some(r % 2 == 0),
                                },
                            )
                            .await,
                    ),
                    _ => {
                        bad(
                            "register",
                            auth.register(Registration {
                                username: format!("x{t}-{count}"),
                                password: "0123456789abc".to_owned(),
                                ..Registration::default()
                            })
                            .await,
                        ) + bad("direct", chat.open_direct(me, you).await)
                    }
                };
            }
            (count, failed)
        });
    }
    let sums = tasks
        .join_all()
        .await
        .into_iter()
        .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    println!("{sums:?}");
    assert_eq!(sums.1, 0);
}
