-- What release 0.1 left in each table that the step to 0002 changes, and in those beside them.
-- The two moments are an hour apart.

INSERT INTO shops (key, halted_at) VALUES ('shop', NULL);

INSERT INTO accounts (account, platform, cursor) VALUES ('room', 'room', '17');

INSERT INTO lanes (account, holder, token, taken_at) VALUES ('room', 'old', 7, :now);

INSERT INTO groups (shop_id, account, chat, name, present, since) VALUES
    (1, 'room', 'chat-一群', '一群', true, :now),
    (1, 'room', 'chat-二群', '二群', false, :now);

INSERT INTO customers (no_record) VALUES (true);

INSERT INTO members (customer_id, platform, person, name, staff, first_seen_at) VALUES
    (1, 'room', 'id-小美', '小美', false, :now);

INSERT INTO messages (account, message, group_id, member_id, at, kind, text) VALUES
    ('room', 'm1', 1, 1, :now, 'fan', '这个面霜好用吗');

INSERT INTO campaigns (shop_id, key, programme, name, schedule, zone, valid_seconds, audience,
                       state, created_by, created_at, approved_version, planned_until) VALUES
    (1, 'c1', 'double11', '倒计时', '{}', 'Asia/Shanghai', 3600,
     '{"wanted":["老客群"],"unwanted":[],"taken":[1],"kept_out":[2],"written":"老客群 -二群"}',
     'approved', '阿玲', :now, 2, :later),
    (1, 'c2', 'once', '草稿', '{}', 'Asia/Shanghai', 3600,
     '{"wanted":[],"unwanted":[],"taken":[],"kept_out":[],"written":""}',
     'draft', '阿玲', :now, NULL, NULL);

INSERT INTO content_versions (campaign_id, number, body, created_by, created_at,
                              approved_by, approved_at) VALUES
    (1, 1, '{"text":"一"}', '阿玲', :now, '阿玲', :now),
    (1, 2, '{"text":"二"}', '阿玲', :now, '阿玲', :now),
    (2, 1, '{"text":"三"}', '阿玲', :now, NULL, NULL);

INSERT INTO deliveries (key, campaign_id, version_id, slot, account, address, group_id, state,
                        reason, not_before, not_after, tries, receipt, moved_at) VALUES
    ('k1', 1, 1, 'd-2', 'room', 'group:chat-一群', 1, 'sent',
     NULL, :now, :later, 2, 'r1', :later),
    ('k2', 1, 2, 'd-1', 'room', 'group:chat-一群', 1, 'planned',
     NULL, :now, :later, 0, NULL, :now),
    ('k3', 1, 2, 'd-1', 'room', 'group:chat-二群', 2, 'sending',
     NULL, :now, :later, 1, NULL, :later);

INSERT INTO attempts (account, address, key, action, delivery_id, token, began_at, ended_at,
                      outcome) VALUES
    ('room', 'group:chat-一群', 'k1', 'post', 1, 6, :now, :now, 'planned'),
    ('room', 'group:chat-一群', 'k1', 'post', 1, 6, :later, :later, 'sent'),
    ('room', 'group:chat-二群', 'k3', 'post', 3, 7, :later, NULL, NULL),
    ('room', 'group:chat-一群', 'reply', 'reply', NULL, 7, :later, NULL, NULL);
