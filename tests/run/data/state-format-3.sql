-- One run. Money is in millionths of a dollar, times are Unix seconds.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- spent: accepted and not refunded. reserved: may have been sent, or is about to be.
CREATE TABLE ledger (id INTEGER PRIMARY KEY CHECK (id = 1), spent INTEGER NOT NULL, reserved INTEGER NOT NULL);
INSERT INTO ledger VALUES (1, 0, 0);

-- One row for each content key: what is really bought. chosen: 2 this run is about it, 1 it may be paid and is only
-- brought home, 0 neither.
CREATE TABLE purchase (
    key TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    parent TEXT,
    place TEXT NOT NULL UNIQUE,
    stem TEXT NOT NULL,
    chosen INTEGER NOT NULL DEFAULT 0,
    phase TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,
    sends INTEGER NOT NULL DEFAULT 0,
    price INTEGER,
    business_id TEXT,
    body BLOB,
    remote_id TEXT,
    result_url TEXT,
    expires_at REAL,
    file TEXT,
    failure TEXT,
    times TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX purchase_parent ON purchase (parent);
CREATE INDEX purchase_phase ON purchase (phase, number);
CREATE INDEX purchase_remote_id ON purchase (remote_id) WHERE remote_id IS NOT NULL;

-- One row for each wanted image: several may share a purchase. Rows no longer wanted stay.
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL REFERENCES purchase (key),
    position INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX task_key ON task (key);

-- Reference images at the provider, once for each content.
CREATE TABLE upload (sha256 TEXT PRIMARY KEY, url TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;

-- What was answered to a submit and left in doubt whether an image is paid: as it came, without the key, 64 KiB at most.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    business_id TEXT NOT NULL,
    at REAL NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX answer_business_id ON answer (business_id);
