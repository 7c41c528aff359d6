//! Devices against a server that is faithful over a bad network, and against servers that are not: the checker tells them apart.

use std::time::Duration;

use hubbub_load::checker::{Invariant, Terms, Verdict, check};
use hubbub_load::device::{Command, Deed, Device, Handle, Patience};
use hubbub_load::history::{Dump, Event, MessageRow, Recorder, Stay};
use hubbub_load::ids::{ConversationId, DeviceId, UserId};
use hubbub_load::person::Person;
use hubbub_load::seed::Seed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::model::Model;
use crate::server::{Faults, Server};

const ROOM: ConversationId = ConversationId::from_number(11);
const PEOPLE: [UserId; 3] = [
    UserId::from_number(1),
    UserId::from_number(2),
    UserId::from_number(3),
];

/// Three people with a device each, in one room of a model server.
struct Scene {
    server: Server,
    recorder: Recorder,
    devices: Vec<Handle>,
    tasks: TaskTracker,
    over: CancellationToken,
}

impl Scene {
    async fn open(model: Model, faults: Faults) -> Self {
        let mut model = model;
        model.found(ROOM, &PEOPLE);
        let server = Server::start(model, faults).await;
        let scene = Self {
            recorder: Recorder::default(),
            devices: Vec::new(),
            tasks: TaskTracker::new(),
            over: CancellationToken::new(),
            server,
        };
        scene.with_devices().await
    }

    async fn with_devices(mut self) -> Self {
        let patience = Patience {
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_millis(50),
            answer: Duration::from_secs(5),
        };
        for (number, user) in (0..).zip(PEOPLE) {
            let person = Person::with_token(&self.server.base, user, &user.to_string());
            let name = format!("person-{number}");
            let seed = Seed::new(u64::from(number));
            let (device, handle) = Device::new(
                DeviceId(number),
                &name,
                person,
                patience.clone(),
                &seed,
                self.recorder.clone(),
                self.over.clone(),
            );
            self.tasks.spawn(device.run());
            self.devices.push(handle);
        }
        self.settle().await;
        self
    }

    async fn settle(&self) {
        for device in &self.devices {
            device.settle().await.unwrap();
        }
    }

    async fn does(&self, device: usize, deed: Deed) {
        self.devices[device].tell(Command::Do(ROOM, deed)).await;
    }

    /// Everybody sends, edits, deletes and reacts, loses connections and storage, and misuses a key.
    async fn play(&self) {
        for round in 0..40_u64 {
            for device in 0..PEOPLE.len() {
                self.does(
                    device,
                    Deed::Send {
                        body: format!("round {round} of {device}"),
                    },
                )
                .await;
            }
            let device = usize::try_from(round).unwrap() % PEOPLE.len();
            match round % 8 {
                0 => {
                    self.does(
                        device,
                        Deed::Edit {
                            pick: round,
                            body: format!("revised in round {round}"),
                        },
                    )
                    .await;
                }
                1 => self.does(device, Deed::Delete { pick: round }).await,
                2 => {
                    self.does(
                        device,
                        Deed::React {
                            pick: round,
                            emoji: "👍",
                            add: true,
                        },
                    )
                    .await;
                }
                3 => self.devices[device].tell(Command::Disconnect).await,
                4 => {
                    self.does(
                        device,
                        Deed::Misuse {
                            body: format!("another text of round {round}"),
                        },
                    )
                    .await;
                }
                5 if round > 30 => self.devices[device].tell(Command::Forget).await,
                _ => {}
            }
            // Some rounds run into one another, others do not.
            if round % 3 == 0 {
                self.settle().await;
            }
        }
    }

    /// Waits until everybody has everything, and judges. `left` is who was removed by which rev.
    async fn verdict(self, left: &[(UserId, u64)]) -> Verdict {
        self.settle().await;
        self.settle().await;
        self.over.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let model = self.server.world.model.lock();
        let room = &model.rooms[&ROOM];
        let stay = |user: &UserId| Stay {
            user: *user,
            from_rev: 0,
            to_rev: left.iter().find(|(of, _)| of == user).map(|(_, rev)| *rev),
            visible_from_seq: 1,
        };
        self.recorder.note_outside(Event::Dump(Dump {
            conversation: ROOM,
            last_seq: room.messages.len() as u64,
            rev: room.rev,
            messages: room
                .messages
                .iter()
                .map(|message| MessageRow::parse(message).unwrap())
                .collect(),
            stays: PEOPLE.iter().map(stay).collect(),
        }));
        check(&self.recorder.entries(), &Terms::default())
    }
}

#[cfg(not(feature = "broken-no-hole-detection"))]
mod faithful {
    use hubbub_load::checker::Counter;

    use super::*;

    #[tokio::test]
    async fn a_bad_network_breaks_no_rule() {
        let faults = Faults {
            lose: 11,
            double: 7,
            swap: 13,
            cut: 9,
            late: Duration::from_millis(1),
            ..Faults::default()
        };
        let scene = Scene::open(Model::new(), faults).await;
        scene.play().await;
        let verdict = scene.verdict(&[]).await;
        assert!(verdict.holds(), "{verdict}");
        for counter in [
            Counter::Acknowledged,
            Counter::RetriesDeduplicated,
            Counter::KeyMisusesRefused,
            Counter::Edits,
            Counter::Deletes,
            Counter::Reactions,
            Counter::HolesFound,
            Counter::DuplicatesDropped,
            Counter::SyncPages,
            Counter::Resets,
            Counter::Reconnections,
            Counter::StoragesForgotten,
        ] {
            assert!(
                verdict.counters.contains_key(&counter),
                "{counter} never happened:\n{verdict}"
            );
        }
    }

    #[tokio::test]
    async fn somebody_who_is_removed_hears_of_it_and_of_nothing_after() {
        let scene = Scene::open(Model::new(), Faults::default()).await;
        let rev = remove_in_between(&scene).await;
        let verdict = scene.verdict(&[(PEOPLE[2], rev)]).await;
        assert!(verdict.holds(), "{verdict}");
    }

    #[tokio::test]
    async fn a_server_that_tells_removed_people_is_found() {
        let scene = Scene::open(
            Model::new(),
            Faults {
                leak: true,
                ..Faults::default()
            },
        )
        .await;
        let rev = remove_in_between(&scene).await;
        let verdict = scene.verdict(&[(PEOPLE[2], rev)]).await;
        assert_eq!(verdict.broken(), [Invariant::Visibility], "{verdict}");
    }

    #[tokio::test]
    async fn a_server_that_acknowledges_without_storing_is_found() {
        let scene = Scene::open(
            Model::new(),
            Faults {
                lie: 10,
                ..Faults::default()
            },
        )
        .await;
        scene.play().await;
        let verdict = scene.verdict(&[]).await;
        assert!(verdict.broken().contains(&Invariant::NoLoss), "{verdict}");
        assert!(
            verdict.violations[0]
                .text
                .contains("was acknowledged as message"),
            "{verdict}"
        );
    }

    #[tokio::test]
    async fn a_server_without_a_unique_key_is_found() {
        let mut model = Model::new();
        model.no_unique_key = true;
        let scene = Scene::open(
            model,
            Faults {
                cut: 9,
                ..Faults::default()
            },
        )
        .await;
        scene.play().await;
        let verdict = scene.verdict(&[]).await;
        assert!(
            verdict.broken().contains(&Invariant::NoDuplicate),
            "{verdict}"
        );
        assert!(
            verdict.broken().contains(&Invariant::KeyMisuse),
            "{verdict}"
        );
    }

    /// Removes the third person between two messages; answers the rev of the removal.
    async fn remove_in_between(scene: &Scene) -> u64 {
        scene
            .does(
                0,
                Deed::Send {
                    body: "before".to_owned(),
                },
            )
            .await;
        scene.settle().await;
        scene.server.world.set_member(ROOM, PEOPLE[2], false);
        let rev = scene.server.world.model.lock().rooms[&ROOM].rev;
        scene
            .does(
                0,
                Deed::Send {
                    body: "after".to_owned(),
                },
            )
            .await;
        scene.settle().await;
        rev
    }
}

/// The negative control of the client rule: this build applies whatever comes.
#[cfg(feature = "broken-no-hole-detection")]
#[tokio::test]
async fn a_device_that_sees_no_holes_is_found() {
    let scene = Scene::open(
        Model::new(),
        Faults {
            lose: 11,
            ..Faults::default()
        },
    )
    .await;
    scene.play().await;
    let verdict = scene.verdict(&[]).await;
    assert!(
        verdict.broken().contains(&Invariant::Agreement),
        "{verdict}"
    );
    assert!(verdict.broken().contains(&Invariant::NoLoss), "{verdict}");
}
