// What the stand-in server begins with: people and conversations in every state that the client shows.
import { addConversation, addUser, post } from './world.mjs';

const MINUTE = 60_000;

export function seed() {
  const ana = addUser('ana', 'Ana Ruiz', 'owner').id;
  const bea = addUser('bea', 'Bea Lindqvist').id;
  const chidi = addUser('chidi', 'Chidi Okafor').id;
  const dana = addUser('dana', 'Dana').id;
  const emil = addUser('emil', 'Emil Brandt-Westergaard').id;
  const fatima = addUser('fatima', 'فاطمة الزهراء').id;
  addUser('goro', '五郎');
  addUser('hana', 'Hana Novák');

  const general = addConversation('channel', [ana, bea, chidi, dana, emil, fatima], {
    name: 'General',
    topic: 'Everybody, everything',
  });
  const design = addConversation('group', [ana, bea, emil], {
    name: 'Design review',
    topic: 'Tuesdays at ten',
  });
  const long = addConversation('group', [bea, ana], {
    name: 'Planning the summer festival, the parade and the fireworks',
  });
  addConversation('channel', [bea, chidi], { name: 'Random', topic: 'Cats, mostly' });
  addConversation('channel', [chidi], { name: 'Reading club' });
  const withBea = addConversation('direct', [ana, bea]);
  const withChidi = addConversation('direct', [chidi, ana]);
  addConversation('direct', [ana, emil]);

  const now = Date.now();
  const say = (conversation, minutesAgo, who, body) =>
    post(conversation, who, body, undefined, new Date(now - minutesAgo * MINUTE));

  for (let index = 0; index < 400; index++) {
    say(
      general,
      5_000 - index * 8,
      [ana, bea, chidi, dana, emil][(index * 7) % 5],
      `Message number ${index + 1}. ${'A little more to say. '.repeat(index % 4)}`,
    );
  }
  say(
    general,
    190,
    chidi,
    'Morning! The new server is up. It took one command, which is suspicious.',
  );
  say(
    general,
    189,
    chidi,
    'Notes are here: https://example.org/wiki/Hubbub_(chat), have a look when you can.',
  );
  say(
    general,
    170,
    bea,
    'Wonderful. I moved the old archive over last night.\nTwo things are left:\n  1. the backup job\n  2. telling everybody',
  );
  say(general, 168, ana, 'I can do the second.');
  say(general, 60, fatima, 'صباح الخير! هل يعمل كل شيء الآن؟');
  say(general, 58, emil, '🎉');
  say(general, 12, dana, 'A_very_long_word_without_any_place_to_break_it_'.repeat(4));
  say(general, 11, bea, 'Lunch at one?');
  general.read.set(ana, general.messages.length);

  say(design, 1_500, emil, 'I put the drafts into the shared folder.');
  say(design, 95, bea, 'The second one reads best. Could the header be a little calmer?');
  say(design, 94, emil, 'Yes. New version in an hour.');
  design.read.set(ana, 1);

  for (let index = 0; index < 130; index++) say(long, 4_000 - index, bea, `Idea ${index + 1}`);

  say(withBea, 2_900, bea, 'Hi Ana! Did the train get you home?');
  say(withBea, 2_880, ana, 'It did, only forty minutes late.');
  say(withBea, 30, bea, 'Do you have a minute for the festival budget today?');
  say(withBea, 29, ana, 'After four, gladly.');
  say(withBea, 28, bea, 'Perfect');
  withBea.read.set(ana, withBea.messages.length);
  say(withChidi, 20_000, chidi, 'Thank you for the book!');
  withChidi.read.set(ana, 1);
}
