use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::{
    Content, Mentions, MessageBody, MessageRef, NewMessage, RequestHash, Text,
};
use hubbub_domain::repository::PostKey;
use sha2::{Digest as _, Sha256};

use crate::chat::mentions::Calls;

/// A message that somebody asks to be stored.
pub(crate) struct Post {
    /// What it will be called.
    pub(crate) id: MessageId,
    /// Where to.
    pub(crate) conversation_id: ConversationId,
    /// Who sends it.
    pub(crate) sender_id: UserId,
    /// The sender's key for it.
    pub(crate) client_id: ClientId,
    /// What it says.
    pub(crate) body: MessageBody,
    /// The message that it answers.
    pub(crate) reply_to: Option<MessageId>,
    /// The message whose thread it is for.
    pub(crate) thread_of: Option<MessageId>,
    /// Whether `@all` is meant although many will be called.
    pub(crate) notify_all: bool,
}

/// A message to be posted, with what follows from the request alone: it is worked out before anybody waits for a lock.
pub(super) struct Entry {
    pub(super) post: Post,
    /// A hash of everything that the request asks for.
    pub(super) request_hash: RequestHash,
    /// Whom the text calls.
    pub(super) calls: Calls,
}

impl From<Post> for Entry {
    fn from(post: Post) -> Self {
        Self {
            request_hash: request_hash(&post),
            calls: Calls::of(post.body.as_str()),
            post,
        }
    }
}

impl Entry {
    /// What to look for before the message is stored.
    pub(super) fn key(&self) -> PostKey {
        PostKey {
            conversation_id: self.post.conversation_id,
            sender_id: self.post.sender_id,
            client_id: self.post.client_id,
            reply_to: self.post.reply_to,
            thread_root: self.post.thread_of,
        }
    }

    /// The message, ready to be numbered. The entry keeps its words, as it may have to be written again.
    pub(super) fn message(
        &self,
        mentions: Mentions,
        reply_to: Option<MessageRef>,
        thread_root: Option<MessageRef>,
    ) -> NewMessage {
        NewMessage {
            id: self.post.id,
            sender_id: self.post.sender_id,
            client_id: self.post.client_id,
            request_hash: self.request_hash,
            content: Content::Text(Text::new(self.post.body.clone(), mentions)),
            reply_to,
            thread_root,
        }
    }
}

/// What a retry must repeat. What was left out adds nothing, and each part begins with a character that no text contains, so no two
/// requests are hashed alike.
fn request_hash(post: &Post) -> RequestHash {
    let mut hash = Sha256::new();
    hash.update(post.conversation_id.as_uuid().as_bytes());
    hash.update(post.body.as_str().as_bytes());
    for (mark, id) in [(b"\0r", post.reply_to), (b"\0t", post.thread_of)] {
        if let Some(id) = id {
            hash.update(mark);
            hash.update(id.as_uuid().as_bytes());
        }
    }
    if post.notify_all {
        hash.update(b"\0a");
    }
    RequestHash(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn requests_that_differ_in_anything_have_different_hashes() {
        let id = |number| MessageId::from_uuid(Uuid::from_u128(number));
        let mut hashes = HashSet::new();
        let mut count = 0;
        for conversation in 1..=2 {
            for body in ["hello", "hello!"] {
                for reply_to in [None, Some(id(1)), Some(id(2))] {
                    for thread_of in [None, Some(id(1)), Some(id(2))] {
                        for notify_all in [false, true] {
                            let post = Post {
                                id: id(9),
                                conversation_id: ConversationId::from_uuid(Uuid::from_u128(
                                    conversation,
                                )),
                                sender_id: UserId::from_uuid(Uuid::nil()),
                                client_id: ClientId::from_uuid(Uuid::nil()),
                                body: MessageBody::parse(body.to_owned()).unwrap(),
                                reply_to,
                                thread_of,
                                notify_all,
                            };
                            hashes.insert(request_hash(&post).0);
                            count += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(hashes.len(), count);
    }
}
