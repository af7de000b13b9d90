-- What the telepost of schema 3 leaves in its file: the letter of 1.sql as it lies there.
INSERT INTO letters VALUES (1, '04vw00aaaaaa', 'root@site.example', 'root', 'site.example', 'a@mon', 'disk full',
    'Subject: disk full
', '127.0.0.1 mon.site.example', 1772334000000, 'headers', 'QQ314159');
INSERT INTO parcels VALUES (1, 1, 'sending', '00447731234567@sms.example.com', '+447731234567', 'ALERTS',
    '["smsitaly","spare"]', 'smsitaly', 'latin1', '[{"text":"one","units":3},{"text":"two","units":3}]', 1, 1,
    1772334010000, 1772337600000, 3600000, 'accepted for delivery', 'none', 0, 0,
    'urgent', 'root@site.example', 0, 'mon/disk', 'problem', 'success,failure', 'rfc822', 'oncall@site.example', NULL, NULL, 0);
INSERT INTO parcels VALUES (1, 2, 'refused', '00393331234567@sms.example.com', '+393331234567', 'ALERTS',
    '["smsitaly","spare"]', 'smsitaly', 'ascii', '[]', 0, 0,
    1772334000000, 1772337600000, 3600000, 'can''t be carried', 'owed', 1772334060000, 1,
    'normal', 'root@site.example', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0);
INSERT INTO parcels VALUES (1, 3, 'sent', '00393331234568@sms.example.com', '+393331234568', 'ALERTS',
    '["smsitaly","spare"]', 'spare', 'gsm7', '[{"text":"one","units":3}]', 1, 2,
    1772334020000, 1772337600000, 3600000, 'accepted for delivery', 'none', 0, 0,
    'low', 'root@site.example', 0, 'mon/disk', 'recovery', 'never', NULL, NULL, NULL, NULL, 0);
INSERT INTO events VALUES (1, 1, 1, 1772334000000, 'accepted', NULL, '127.0.0.1 mon.site.example');
INSERT INTO events VALUES (1, 1, 2, 1772334005000, 'part accepted', 'smsitaly', 'accepted for delivery');
INSERT INTO events VALUES (1, 1, 3, 1772334006000, 'not accepted', 'smsitaly', '421 busy');
INSERT INTO events VALUES (1, 2, 1, 1772334000000, 'accepted', NULL, '127.0.0.1 mon.site.example');
INSERT INTO events VALUES (1, 2, 2, 1772334000000, 'refused', NULL, 'can''t be carried');
INSERT INTO events VALUES (1, 3, 1, 1772334000000, 'accepted', NULL, '127.0.0.1 mon.site.example');
INSERT INTO events VALUES (1, 3, 2, 1772334020000, 'sent', 'spare', 'accepted for delivery');
INSERT INTO gateways VALUES ('smsitaly', 1772334006000, NULL, 1772333990000, '99.5', '77', 'ACTIVE', 'operator',
    'held by an operator', 1772334000000, 1);
INSERT INTO memos VALUES (1, 'low-credit', 'ops', 'site.example', 'few credits left', 'Few credits are left.
', 1772334000000, 1772420400000, 0);
INSERT INTO marks VALUES ('delay', 1);
INSERT INTO counts VALUES ('day', '', 1772323200000, 4);
INSERT INTO counts VALUES ('number', '+447731234567', 1772334000000, 2);
INSERT INTO told VALUES ('day', 1772323200000, 80);
