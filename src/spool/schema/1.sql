-- The first schema of the spool. Released schemas are never edited: the next one is a file of its own that changes
-- this one. Times are milliseconds since 1970; the views show them readably.

CREATE TABLE letters (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,           -- what the client was told: "queued as NAME"
    sender       TEXT,                           -- envelope sender; NULL is the null sender
    notice_local TEXT,                           -- who is told of failures; NULL is nobody
    notice_domain TEXT,
    message_id   TEXT,
    subject      TEXT NOT NULL,
    headers      TEXT NOT NULL,
    source       TEXT NOT NULL,
    accepted     INTEGER NOT NULL
) STRICT;

-- For accepting once.
CREATE INDEX letters_message_id ON letters (message_id, accepted) WHERE message_id IS NOT NULL;

CREATE TABLE parcels (
    letter          INTEGER NOT NULL REFERENCES letters (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,            -- from 1
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'held', 'refused', 'expired')),
    address         TEXT NOT NULL,               -- the recipient as the client wrote it
    number          TEXT NOT NULL,
    sender_id       TEXT NOT NULL,
    gateways        TEXT NOT NULL,               -- JSON list of names, in order of preference
    gateway         TEXT NOT NULL,               -- the one that has it or gets it next
    encoding        TEXT NOT NULL,
    parts           TEXT NOT NULL,               -- JSON list; empty when refused from the start
    accepted_parts  INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    due             INTEGER NOT NULL,            -- when it is due, or when it reached its state
    expires         INTEGER NOT NULL,
    lifetime        INTEGER NOT NULL,            -- how long it may wait; an operator's retry gives it anew
    last_reply      TEXT,
    notice          TEXT NOT NULL DEFAULT 'none' CHECK (notice IN ('none', 'owed', 'sent', 'failed')),
    notice_due      INTEGER NOT NULL DEFAULT 0,
    notice_attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (letter, place)
) STRICT, WITHOUT ROWID;

-- What is due at a gateway, and what has run out of time: as large as the queue, not as the history.
CREATE INDEX parcels_schedule ON parcels (gateway, due) WHERE state = 'waiting';
CREATE INDEX parcels_expiry ON parcels (expires) WHERE state = 'waiting';
CREATE INDEX parcels_notices ON parcels (notice_due) WHERE notice = 'owed';
-- Counts, lists, pruning.
CREATE INDEX parcels_state ON parcels (state, due);

CREATE TABLE events (
    letter  INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    step    INTEGER NOT NULL,                    -- from 1
    time    INTEGER NOT NULL,
    what    TEXT NOT NULL,
    gateway TEXT,
    detail  TEXT NOT NULL,
    PRIMARY KEY (letter, place, step),
    FOREIGN KEY (letter, place) REFERENCES parcels (letter, place) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE gateways (
    name           TEXT PRIMARY KEY,
    seen           INTEGER NOT NULL,
    error          TEXT,
    last_login     INTEGER,
    credits        TEXT,
    account        TEXT,
    account_status TEXT
) STRICT, WITHOUT ROWID;

-- For people with sqlite3.

CREATE VIEW queue AS
SELECT letters.name || '.' || parcels.place AS id,
       parcels.state,
       parcels.number,
       coalesce(letters.sender, '<>') AS sender,
       parcels.gateway,
       parcels.accepted_parts || '/' || json_array_length(parcels.parts) AS parts,
       parcels.attempts,
       strftime('%Y-%m-%d %H:%M:%fZ', letters.accepted / 1000.0, 'unixepoch') AS accepted,
       strftime('%Y-%m-%d %H:%M:%fZ', parcels.due / 1000.0, 'unixepoch') AS due,
       strftime('%Y-%m-%d %H:%M:%fZ', parcels.expires / 1000.0, 'unixepoch') AS expires,
       parcels.last_reply,
       parcels.notice,
       letters.subject
FROM parcels JOIN letters ON letters.id = parcels.letter;

CREATE VIEW history AS
SELECT letters.name || '.' || events.place AS id,
       strftime('%Y-%m-%d %H:%M:%fZ', events.time / 1000.0, 'unixepoch') AS time,
       events.what,
       events.gateway,
       events.detail
FROM events JOIN letters ON letters.id = events.letter;
