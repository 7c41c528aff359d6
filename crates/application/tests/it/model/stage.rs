//! A run: the people, their devices and conversations, and what happens step by step.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use hubbub_application::events::{ConversationEvent, Event, UserEvent};
use hubbub_application::groups::{GroupKind, NewGroup};
use hubbub_domain::conversation::{ConversationKind, HistoryVisibility};
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::UserRev;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::network::{Device, Line, Parcel, insist_visible, relayed};
use super::plan::{Deed, Fate, Kind, NAMES, Refers, Step};
use super::replica::Replica;
use super::request::{Answer, Pick, Post, Request, What};
use super::rules::Names;
use super::state::{Entry, Log, Said, State};
use super::tally::Tally;
use super::trial::{Trial, insist_one_message_per_key};
use crate::world::World;

const BODIES: [&str; 4] = ["tea?", "@ada tea?", "@all tea?", "@bob and @cyd: coffee"];
const TITLES: [&str; 3] = ["Tea", "Coffee", "Cake"];
const EMOJI: [&str; 2] = ["👍", "🎉"];

pub(crate) struct Stage<'a> {
    world: Arc<World>,
    tally: &'a Tally,
    people: Vec<UserId>,
    names: Names,
    rooms: Vec<ConversationId>,
    logs: HashMap<ConversationId, Log>,
    /// How far the users' own logs have come, by what was published of them.
    user_revs: BTreeMap<UserId, UserRev>,
    devices: Vec<Device>,
    /// What was sent, for retries.
    sent: Vec<Request>,
}

impl<'a> Stage<'a> {
    /// Gathers the people in a channel and a group, two of them in a direct conversation too.
    pub(crate) async fn set(world: &Arc<World>, tally: &'a Tally) -> Self {
        let (owner, others) = world.people(["ada", "bob", "cyd", "dan"]).await;
        let people: Vec<_> = std::iter::once(owner).chain(others).collect();
        let mut stage = Self {
            world: Arc::clone(world),
            tally,
            names: NAMES.into_iter().zip(people.iter().copied()).collect(),
            rooms: Vec::new(),
            logs: HashMap::new(),
            user_revs: BTreeMap::new(),
            devices: Vec::new(),
            sent: Vec::new(),
            people,
        };
        for user in &stage.people {
            let heads = world.chat.heads(*user).await.unwrap();
            stage.user_revs.insert(*user, heads.user_rev);
        }
        for (kind, members) in [
            (GroupKind::Channel, &others[..3]),
            (GroupKind::Group, &others[..3]),
        ] {
            let wish = NewGroup {
                name: TITLES[0].to_owned(),
                kind,
                member_ids: members.to_vec(),
                ..NewGroup::default()
            };
            let summary = world.groups.create(owner, wish).await.unwrap();
            stage.open(summary.id, summary.kind, TITLES[0], summary.history);
        }
        let direct = world.chat.open_direct(owner, others[0]).await.unwrap();
        stage.open(direct.id, direct.kind, "", direct.history);
        stage.take_published();
        for user in &stage.people {
            for line in [Line::Perfect, Line::Bad, Line::Dead] {
                let replica = Replica::fresh(world, *user).await;
                stage.devices.push(Device::new(replica, line));
            }
        }
        stage
    }

    fn open(
        &mut self,
        id: ConversationId,
        kind: ConversationKind,
        name: &str,
        history: HistoryVisibility,
    ) {
        let founded = State::founded(kind, name.to_owned(), history);
        self.logs.insert(id, Log::new(founded));
        self.rooms.push(id);
    }

    /// Lets everything of a step happen at once, and holds what came of it against the rules.
    pub(crate) async fn play(&mut self, step: &Step, fates: &mut impl Iterator<Item = Fate>) {
        let starts: HashMap<_, _> = self
            .logs
            .iter()
            .map(|(id, log)| (*id, log.head()))
            .collect();
        let requests: Vec<_> = step
            .deeds
            .iter()
            .filter_map(|deed| self.request(deed))
            .collect();
        let mut asking = JoinSet::new();
        for request in requests {
            let world = Arc::clone(&self.world);
            asking.spawn(async move {
                let answer = request.ask(&world).await;
                (request, answer)
            });
        }
        self.sync(&step.syncs).await;
        let answers: Vec<(Request, Answer)> = asking.join_all().await;
        let (steps, user_steps) = self.take_published();
        let trial = Trial {
            logs: &self.logs,
            starts: &starts,
            names: &self.names,
            tally: self.tally,
        };
        trial.judge(answers);
        self.send_out(&steps, &user_steps, fates);
        self.fill(&step.fills, fates).await;
        self.insist_that_nobody_saw_too_much();
    }

    /// Brings every device up to date by its own means, and insists that it then is.
    pub(crate) async fn end(mut self) {
        let everything = usize::MAX;
        for device in &mut self.devices {
            device.bring(Vec::new(), &mut std::iter::empty());
            if device.line == Line::Perfect {
                device.replica.load_missing(&self.world).await;
            } else {
                device.replica.sync(&self.world, everything).await;
            }
            device.replica.is_up_to_date(&self.world).await;
        }
        self.insist_that_nobody_saw_too_much();
        insist_one_message_per_key(self.logs.values());
        for (id, log) in &self.logs {
            for user in &self.people {
                let is_member = log.now().members.contains_key(user);
                let seen = self.world.chat.get(*user, *id).await;
                assert_eq!(seen.is_ok(), is_member, "{user} in {id}");
            }
        }
    }

    async fn sync(&mut self, syncs: &[(usize, usize)]) {
        let world = &self.world;
        let asking = (0..).zip(&mut self.devices).map(async |(number, device)| {
            match syncs.iter().find(|(of, _)| *of == number) {
                Some((_, pages)) if device.line != Line::Perfect => {
                    self.tally.count("sync");
                    device.replica.sync(world, *pages).await;
                }
                _ if device.line == Line::Perfect => device.replica.load_missing(world).await,
                _ => {}
            }
        });
        join_all(asking).await;
    }

    /// Takes what was published into the logs, which insist that nothing is missing.
    fn take_published(&mut self) -> (Vec<Arc<ConversationEvent>>, Vec<Arc<UserEvent>>) {
        let (mut steps, mut user_steps) = (Vec::new(), Vec::new());
        for event in self.world.events.take() {
            match event {
                Event::Conversation(step) => steps.push(step),
                Event::User(step) => user_steps.push(step),
                _ => {}
            }
        }
        for (id, log) in &mut self.logs {
            let own = steps.iter().filter(|step| step.conversation_id == *id);
            log.extend(own.cloned().collect());
        }
        steps.sort_by_key(|step| step.to_rev);
        user_steps.sort_by_key(|step| step.to_rev);
        for step in &user_steps {
            let at = self.user_revs.get_mut(&step.user_id).unwrap();
            let range = (step.from_rev, step.to_rev);
            assert_eq!(range, (*at, at.next()), "user revs are dense: {step:?}");
            *at = step.to_rev;
        }
        (steps, user_steps)
    }

    fn send_out(
        &mut self,
        steps: &[Arc<ConversationEvent>],
        user_steps: &[Arc<UserEvent>],
        fates: &mut impl Iterator<Item = Fate>,
    ) {
        for device in &mut self.devices {
            let user = device.replica.user;
            let own = user_steps.iter().filter(|step| step.user_id == user);
            let own = own.map(|step| Parcel::User(Arc::clone(step)));
            let told = steps.iter();
            let told =
                told.filter_map(|step| relayed(self.logs.get(&step.conversation_id)?, user, step));
            device.bring(own.chain(told).collect(), fates);
        }
    }

    /// A node reads what a connection of it misses, a few steps at once, and brings that.
    async fn fill(&mut self, fills: &[(usize, i64)], fates: &mut impl Iterator<Item = Fate>) {
        for (number, limit) in fills {
            let device = &mut self.devices[*number];
            let user = device.replica.user;
            for id in &self.rooms {
                let Some(from) = device.replica.position(*id) else {
                    continue;
                };
                let steps = self
                    .world
                    .chat
                    .steps_after(*id, from, *limit)
                    .await
                    .unwrap();
                let told = steps.iter();
                let told = told.filter_map(|step| relayed(&self.logs[id], user, step));
                device.bring(told.collect(), fates);
            }
        }
    }

    fn insist_that_nobody_saw_too_much(&mut self) {
        for device in &mut self.devices {
            if std::mem::take(&mut device.replica.has_hole) {
                self.tally.count("hole");
            }
            let user = device.replica.user;
            for (id, row) in device.replica.shown.drain(..) {
                if let Some(log) = self.logs.get(&id) {
                    insist_visible(log, user, id, &row);
                }
            }
        }
    }

    /// What a deed asks for, as things stand. Nothing where there is nothing to pick from.
    fn request(&mut self, deed: &Deed) -> Option<Request> {
        let room = self.rooms[deed.room];
        let pick = |number: &usize| self.pick(deed, *number);
        let what = match &deed.kind {
            Kind::Send { body, refers } => What::Send(Post {
                key: ClientId::from_uuid(Uuid::from_u128(self.sent.len() as u128 + 1)),
                body: BODIES[*body].to_owned(),
                reply_to: match refers {
                    Refers::Replies(number) => pick(number),
                    _ => None,
                },
                thread_of: match refers {
                    Refers::InThread(number) => pick(number),
                    _ => None,
                },
            }),
            Kind::Again { pick } => return self.repeat(*pick, |_| {}),
            Kind::Misuse { pick, elsewhere } => {
                let other = |room| *self.rooms.iter().find(|id| **id != room).unwrap();
                return self.repeat(*pick, |request| match &mut request.what {
                    What::Send(post) if *elsewhere => {
                        request.room = other(request.room);
                        // What it refers to is nothing there.
                        let picks = [&mut post.reply_to, &mut post.thread_of];
                        picks.into_iter().flatten().for_each(|pick| pick.seq = 0);
                    }
                    What::Send(post) => post.body.push('!'),
                    _ => {}
                });
            }
            Kind::Edit { pick: at, body } => What::Edit(pick(at)?, BODIES[*body].to_owned()),
            Kind::Delete { pick: at } => What::Delete(pick(at)?),
            Kind::Restore { pick: at } => What::Restore(pick(at)?),
            Kind::React {
                pick: at,
                emoji,
                add,
            } => What::React(pick(at)?, EMOJI[*emoji], *add),
            Kind::Pin { pick: at, on } => What::Pin(pick(at)?, *on),
            Kind::Join => What::Join,
            Kind::Leave => What::Leave,
            Kind::Add { whom } => What::Add(self.people[*whom]),
            Kind::Remove { whom } => What::Remove(self.people[*whom]),
            Kind::Role { whom, role } => What::Role(self.people[*whom], *role),
            Kind::Rename { name } => What::Settings(Some(TITLES[*name].to_owned()), None),
            Kind::Open { all: true } => What::Settings(None, Some(HistoryVisibility::All)),
            Kind::Open { all: false } => What::Settings(None, Some(HistoryVisibility::Joined)),
            Kind::Read { pick: at } => What::Read(pick(at)?.seq),
            Kind::Unread { pick: at } => What::Unread(pick(at)?.seq),
            Kind::Follow { pick: at, on } => What::Follow(pick(at)?, *on),
        };
        let actor = self.actor(deed, &what);
        let request = Request { actor, room, what };
        if let What::Send(_) = &request.what {
            self.sent.push(request.clone());
        }
        Some(request)
    }

    /// Who does it: the one that the deed names if that is a bold one, or somebody who may.
    fn actor(&self, deed: &Deed, what: &What) -> UserId {
        let named = self.people[deed.actor];
        let state = self.logs[&self.rooms[deed.room]].now();
        let may = |user: &&UserId| match what {
            What::Edit(pick, _) | What::Delete(pick) | What::Restore(pick) => {
                let entry = state.entry(pick.seq);
                entry.is_some_and(|entry| entry.sender == **user)
            }
            What::Add(_) | What::Remove(_) | What::Role(..) | What::Settings(..) => {
                let role = state.role(**user);
                matches!(role, Some(MemberRole::Owner | MemberRole::Admin))
            }
            What::Join => state.role(**user).is_none(),
            _ => state.role(**user).is_some(),
        };
        let others = self.people.iter().cycle().skip(deed.actor);
        let somebody = others.take(self.people.len()).find(may);
        somebody.filter(|_| !deed.is_bold).copied().unwrap_or(named)
    }

    fn repeat(&self, number: usize, change: impl FnOnce(&mut Request)) -> Option<Request> {
        // The latest the more likely: it may be under way at this moment.
        let back = number % self.sent.len().clamp(1, 8);
        let mut request = self.sent.iter().rev().nth(back)?.clone();
        change(&mut request);
        Some(request)
    }

    /// One of the messages; a bold deed takes any, another one that it can be done with.
    fn pick(&self, deed: &Deed, number: usize) -> Option<Pick> {
        let log = &self.logs[&self.rooms[deed.room]];
        let fits = |entry: &Entry| match (&entry.said, &deed.kind) {
            (Said::Gone { .. }, Kind::Restore { .. }) => true,
            (Said::Text(_), Kind::Send { .. }) => entry.root.is_none(),
            (Said::Text(_), kind) => !matches!(kind, Kind::Restore { .. }),
            _ => false,
        };
        let entries = (1..).zip(&log.now().messages);
        let seqs: Vec<i64> = entries
            .filter(|(_, entry)| deed.is_bold || fits(entry))
            .map(|(seq, _)| seq)
            .collect();
        let seq = *seqs.get(number % seqs.len().max(1))?;
        Some(Pick {
            id: log.id_of(seq)?,
            seq,
        })
    }
}
