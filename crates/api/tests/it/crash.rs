//! What was acknowledged survives a kill without warning. `make crash` does the same for longer, and more of it.

use std::time::Duration;

use hubbub_faults::{Chance, Chat, Load};
use hubbub_testkit::PostgresCluster;

use crate::app::binary;

const KILLS: u32 = 20;
const KILLS_OF_POSTGRES: u32 = 3;
/// After how many answers somebody is killed.
const ANSWERS: std::ops::RangeInclusive<u64> = 4..=24;
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_right_after_an_answer_lose_nothing() {
    let mut hubbub = binary().start().await.unwrap();
    let chat = Chat::found(&hubbub).await.unwrap();
    let mut chance = Chance::of(20);
    for round in 1..=KILLS {
        let load = Load::start(&chat, &mut chance);
        let answers = chance.between(ANSWERS);
        load.acknowledged(answers, LIMIT).await.unwrap();
        hubbub.kill().await.unwrap();
        load.stop().await.unwrap();
        hubbub.start_again().await.unwrap();
        let found = chat.audit().await.unwrap();
        assert!(found.is_clean(), "kill {round}:\n{found}");
    }
    all_is_settled(&chat, KILLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_server_that_is_killed_while_people_send_takes_nothing_with_it() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let hubbub = binary().database_url(&url).start().await.unwrap();
    let chat = Chat::found(&hubbub).await.unwrap();
    let mut chance = Chance::of(3);
    let mut setbacks = Vec::new();
    for round in 1..=KILLS_OF_POSTGRES {
        // People go on sending all the time, and are refused while the database is away, or not answered.
        let load = Load::start(&chat, &mut chance);
        let answers = chance.between(ANSWERS);
        load.acknowledged(answers, LIMIT).await.unwrap();
        cluster.kill().await.unwrap();
        cluster.start_again().await.unwrap();
        load.acknowledged(answers, LIMIT).await.unwrap();
        load.stop().await.unwrap();
        let found = chat.audit().await.unwrap();
        assert!(found.is_clean(), "kill {round}:\n{found}");
        // Whoever had a message on its way got no receipt, and Hubbub has not ended for that.
        setbacks.push(found.counts.refusals + found.counts.unknown);
        assert!(hubbub.process().status().is_none(), "it runs on");
    }
    assert!(
        setbacks.is_sorted_by(|before, after| before < after) && setbacks[0] > 0,
        "each kill was noticed: {setbacks:?}"
    );
    all_is_settled(&chat, KILLS_OF_POSTGRES).await;
}

/// Who does not know repeats the same key, and gets a receipt whatever had become of it.
async fn all_is_settled(chat: &Chat, kills: u32) {
    let settled = chat.settle().await.unwrap();
    assert!(settled.is_clean(), "{settled}");
    assert_eq!((settled.counts.refused, settled.counts.unknown), (0, 0));
    let least = usize::try_from(u64::from(kills) * ANSWERS.start()).unwrap();
    assert!(
        settled.counts.acknowledged >= least,
        "the run was worth something: {:?}",
        settled.counts
    );
}
