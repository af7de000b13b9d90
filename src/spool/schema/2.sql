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
-- What is due at a gateway; the primary key behind the sender puts each sender's parcels in order of age.
CREATE INDEX parcels_ready ON parcels (gateway, priority, sender) WHERE state = 'waiting' AND ready = 1;
-- What is due there later.
CREATE INDEX parcels_later ON parcels (gateway, due) WHERE state = 'waiting' AND ready = 0;

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
