-- A temporary view: the clicks of the versions after {{from}} up to {{to}}.
CREATE OR REPLACE TEMPORARY VIEW clicktop_new AS
SELECT slice, ts, click_id, user_id, url, country, _commit_version AS version, partition, offset FROM table_changes_by_path('{{root}}/clicks', {{from}} + 1, {{to}})
WHERE slice IS NOT NULL AND _change_type = 'insert'
