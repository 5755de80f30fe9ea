-- From now on, no round counts the slices before {{first}}: their clicks are deleted, and later ones have expired.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice < {{first}}
{{cursor}}
