-- The second schema: priorities, fairness between senders, topics, and what senders wish to hear.

ALTER TABLE letters ADD COLUMN returned TEXT CHECK (returned IN ('full', 'headers'));
ALTER TABLE letters ADD COLUMN envelope_id TEXT;

ALTER TABLE parcels ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'urgent'));
-- The letter's sender, '' for the null sender: senders take turns.
ALTER TABLE parcels ADD COLUMN sender TEXT NOT NULL DEFAULT '';
-- 1: a waiting parcel that is due, 0: one that waits for its moment. A flag, because an index can't ask the clock.
ALTER TABLE parcels ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parcels ADD COLUMN topic TEXT;
ALTER TABLE parcels ADD COLUMN standing TEXT CHECK (standing IN ('problem', 'recovery'));
ALTER TABLE parcels ADD COLUMN notify TEXT;                 -- NOTIFY of RFC 3461: 'never' or a list; NULL: no wish
ALTER TABLE parcels ADD COLUMN original_kind TEXT;          -- ORCPT of RFC 3461, its two halves
ALTER TABLE parcels ADD COLUMN original TEXT;

UPDATE parcels SET sender = coalesce((SELECT letters.sender FROM letters WHERE letters.id = parcels.letter), '');

DROP INDEX parcels_schedule;
-- What is due at a gateway; the primary key behind the sender puts each sender's parcels in order of age. By list of
-- gateways, so that another one finds at once what it may take over.
CREATE INDEX parcels_ready ON parcels (gateway, priority, gateways, sender) WHERE state = 'waiting' AND ready = 1;
-- What is due there later.
CREATE INDEX parcels_later ON parcels (gateway, due) WHERE state = 'waiting' AND ready = 0;

-- What waits by age: letters are numbered as they come. The others by when they reached their state.
CREATE INDEX parcels_waiting ON parcels (letter) WHERE state = 'waiting';
DROP INDEX parcels_state;
CREATE INDEX parcels_state ON parcels (state, due) WHERE state <> 'waiting';

ALTER TABLE gateways ADD COLUMN held_by TEXT CHECK (held_by IN ('relay', 'operator'));   -- NULL: not held
ALTER TABLE gateways ADD COLUMN held_reason TEXT;
ALTER TABLE gateways ADD COLUMN held_since INTEGER;
ALTER TABLE gateways ADD COLUMN low_credit INTEGER NOT NULL DEFAULT 0;   -- 1: few credits were left at the last login

-- What telepost itself has to say to somebody by mail, until the site's mail server has taken it.
CREATE TABLE memos (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,                      -- what the log calls it
    to_local TEXT NOT NULL,
    to_domain TEXT,
    subject  TEXT NOT NULL,
    text     TEXT NOT NULL,
    due      INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX memos_due ON memos (due);

-- Up to which letter something has been looked through.
CREATE TABLE marks (
    name   TEXT PRIMARY KEY,
    letter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

DROP VIEW queue;
CREATE VIEW queue AS
SELECT letters.name || '.' || parcels.place AS id,
       parcels.state,
       parcels.priority,
       parcels.number,
       coalesce(letters.sender, '<>') AS sender,
       parcels.gateway,
       parcels.accepted_parts || '/' || json_array_length(parcels.parts) AS parts,
       parcels.attempts,
       strftime('%Y-%m-%d %H:%M:%fZ', letters.accepted / 1000.0, 'unixepoch') AS accepted,
       strftime('%Y-%m-%d %H:%M:%fZ', parcels.due / 1000.0, 'unixepoch') AS due,
       strftime('%Y-%m-%d %H:%M:%fZ', parcels.expires / 1000.0, 'unixepoch') AS expires,
       parcels.topic,
       parcels.last_reply,
       parcels.notice,
       letters.subject
FROM parcels JOIN letters ON letters.id = parcels.letter;
