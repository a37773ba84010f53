-- User 7 is the one the demo shows. Days are relative to today. Running the seed again changes nothing.

insert into public.profiles (id, display_name) values (7, 'Robin'), (8, 'Sam'), (9, 'Kim')
on conflict (id) do nothing;

insert into public.goals (id, user_id, title, target_per_week)
values
  (1, 7, 'Run five kilometres', 3),
  (2, 7, 'Read before bed', 7),
  (3, 7, 'Call a friend', 1),
  (4, 8, 'Practise the piano', 5)
on conflict (id) do nothing;

insert into public.partners (id, user_id, partner_id) values (1, 7, 8), (2, 7, 9), (3, 8, 7)
on conflict (id) do nothing;

insert into public.daily_motivations (user_id, day, message)
values
  (7, (now() at time zone 'utc')::date, 'Small steps count: start with the first one.'),
  (8, (now() at time zone 'utc')::date, 'Five minutes are better than none.')
on conflict (user_id, day) do nothing;

-- The trigger of each check-in fills goals, daily summaries and partners.
insert into public.check_ins (user_id, goal_id, note, mood, created_at)
select 7, 1 + n % 3, 'Check-in ' || n, 1 + n % 5, now() - make_interval(days => (6 - n % 7)::integer)
from generate_series(0, 13) as n
where not exists (select from public.check_ins where user_id = 7);

select setval(pg_get_serial_sequence('public.profiles', 'id'), (select max(id) from public.profiles));
select setval(pg_get_serial_sequence('public.goals', 'id'), (select max(id) from public.goals));
select setval(pg_get_serial_sequence('public.partners', 'id'), (select max(id) from public.partners));
