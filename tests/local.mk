# To add the tests of src/FLOOR/MODULE.c: write tests/check_MODULE.c, name it
# in the list of its floor, and, above the base floor, give it the libraries
# of that floor in a line of its own. No test may link what lies above it.
#
# A test ends with status 0, or 77 when it could not run ("skipped: why" in its
# log), or anything else when it failed.

base_libs = src/libbase.a
os_libs = src/libos.a $(base_libs) $(SECCOMP_LIBS)
http_libs = src/libhttp.a $(base_libs) $(XXHASH_LIBS)
loop_libs = src/libloop.a $(os_libs) $(LIBEVENT_LIBS)
web_libs = src/libweb.a src/libhttp.a $(loop_libs) $(XXHASH_LIBS)
server_libs = src/libserver.a src/libcli.a src/libweb.a src/libhttp.a $(loop_libs) \
	$(XXHASH_LIBS) $(CONFUSE_LIBS)
client_libs = src/libclient.a src/libcli.a $(os_libs) $(JANSSON_LIBS) \
	$(LIBEDIT_LIBS) -lm
cli_libs = src/libcli.a $(os_libs) $(CONFUSE_LIBS)

# What a test program links when nothing else is said.
LDADD = tests/libharness.a $(base_libs) $(CHECK_LIBS)

base_tests = tests/check_calendar tests/check_clock tests/check_fault tests/check_fault_rule tests/check_histogram tests/check_list \
	tests/check_log tests/check_natural tests/check_proxy_header \
	tests/check_recent \
	tests/check_room \
	tests/check_slice tests/check_text tests/check_units tests/check_upper

os_tests = tests/check_address tests/check_arrival tests/check_datagram tests/check_docroot \
	tests/check_icmp \
	tests/check_callfilter tests/check_detach tests/check_draft \
	tests/check_holder tests/check_process tests/check_socket \
	tests/check_interface tests/check_keeper tests/check_pidfile tests/check_privileges tests/check_sandbox \
	tests/check_supervisor tests/check_usage tests/check_wait
tests_check_address_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_arrival_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_datagram_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_docroot_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_callfilter_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_detach_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_draft_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_icmp_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_pidfile_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_process_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_holder_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_socket_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_interface_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_keeper_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_privileges_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_sandbox_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_supervisor_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_usage_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)
tests_check_wait_LDADD = tests/libharness.a $(os_libs) $(CHECK_LIBS)

request_ways = tests/request_ways.c tests/request_ways.h
http_fixture = tests/http_fixture.c tests/http_fixture.h
json_reader = tests/json_reader.c tests/json_reader.h
http_tests = tests/check_answer tests/check_answer_head tests/check_chunk \
	tests/check_coding \
	tests/check_condition tests/check_date tests/check_etag \
	tests/check_head tests/check_host tests/check_listing \
	tests/check_logline tests/check_media tests/check_page \
	tests/check_range tests/check_request tests/check_request_limits \
	tests/check_status tests/check_syntax tests/check_target
tests_check_answer_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_answer_SOURCES = tests/check_answer.c $(http_fixture)
tests_check_answer_head_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_answer_head_SOURCES = tests/check_answer_head.c $(http_fixture)
tests_check_chunk_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_coding_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_coding_SOURCES = tests/check_coding.c $(http_fixture)
tests_check_condition_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_condition_SOURCES = tests/check_condition.c $(http_fixture)
tests_check_date_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_etag_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_head_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_host_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_listing_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_listing_SOURCES = tests/check_listing.c $(json_reader)
tests_check_logline_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_logline_SOURCES = tests/check_logline.c $(json_reader)
tests_check_media_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_page_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_range_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_request_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_request_SOURCES = tests/check_request.c $(request_ways)
tests_check_request_limits_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_request_limits_SOURCES = tests/check_request_limits.c \
	$(request_ways)
tests_check_status_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_syntax_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_target_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)

# What lets allocations of ours fail within a test; see tests/scarce.h.
scarce = tests/scarce.c tests/scarce.h
scarce_ldflags = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc \
	-Wl,--wrap=realloc

conn_fixture = tests/conn_fixture.c tests/conn_fixture.h
spool_fixture = tests/spool_fixture.c tests/spool_fixture.h
web_tests = tests/check_body tests/check_cache tests/check_content \
	tests/check_facts tests/check_folder \
	tests/check_gather tests/check_site tests/check_spoil tests/check_trace tests/check_web
tests_check_spoil_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_body_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_body_SOURCES = tests/check_body.c $(conn_fixture) $(scarce)
tests_check_body_LDFLAGS = $(scarce_ldflags)
tests_check_cache_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_cache_SOURCES = tests/check_cache.c $(scarce)
tests_check_cache_LDFLAGS = $(scarce_ldflags)
tests_check_content_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_content_SOURCES = tests/check_content.c $(scarce)
tests_check_content_LDFLAGS = $(scarce_ldflags)
tests_check_facts_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_folder_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_folder_SOURCES = tests/check_folder.c $(conn_fixture) $(scarce)
tests_check_folder_LDFLAGS = $(scarce_ldflags)
tests_check_gather_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_site_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_site_SOURCES = tests/check_site.c $(http_fixture) $(scarce)
tests_check_site_LDFLAGS = $(scarce_ldflags)
tests_check_trace_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_trace_SOURCES = tests/check_trace.c $(spool_fixture) $(http_fixture) \
	$(json_reader) $(scarce)
tests_check_trace_LDFLAGS = $(scarce_ldflags)
tests_check_web_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_web_SOURCES = tests/check_web.c $(spool_fixture) $(scarce)
tests_check_web_LDFLAGS = $(scarce_ldflags)

server_tests = tests/check_allowance tests/check_access \
	tests/check_connlog tests/check_gate tests/check_udp_log \
	tests/check_peers tests/check_webroot \
	tests/check_network tests/check_refusal \
	tests/check_faults tests/check_roll tests/check_shape tests/check_spool tests/check_account tests/check_bucket \
	tests/check_budget tests/check_config tests/check_confinement \
	tests/check_conn \
	tests/check_activation tests/check_endpoint \
	tests/check_loop tests/check_metrics tests/check_outcomes \
	tests/check_dashboard tests/check_history tests/check_readings \
	tests/check_state_json \
	tests/check_server tests/check_tcp_service tests/check_udp_faults tests/check_udp_service
snapshot_fixture = tests/snapshot_fixture.c tests/snapshot_fixture.h
tests_check_state_json_LDADD = tests/libharness.a $(server_libs) \
	$(CHECK_LIBS)
tests_check_state_json_SOURCES = tests/check_state_json.c $(json_reader) \
	$(snapshot_fixture)
tests_check_dashboard_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_dashboard_SOURCES = tests/check_dashboard.c $(snapshot_fixture)
tests_check_history_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_readings_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_readings_SOURCES = tests/check_readings.c $(json_reader) \
	$(snapshot_fixture)
tests_check_metrics_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_outcomes_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_server_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_server_SOURCES = tests/check_server.c $(scarce)
tests_check_server_LDFLAGS = $(scarce_ldflags)
tests_check_tcp_service_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_tcp_service_SOURCES = tests/check_tcp_service.c $(scarce)
tests_check_tcp_service_LDFLAGS = $(scarce_ldflags)
tests_check_udp_faults_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
udp_fixture = tests/udp_fixture.c tests/udp_fixture.h
tests_check_udp_faults_SOURCES = tests/check_udp_faults.c $(udp_fixture) $(scarce)
tests_check_udp_faults_LDFLAGS = $(scarce_ldflags)
tests_check_udp_service_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_udp_service_SOURCES = tests/check_udp_service.c $(udp_fixture) $(scarce)
tests_check_udp_service_LDFLAGS = $(scarce_ldflags)
tests_check_peers_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_peers_SOURCES = tests/check_peers.c $(conn_fixture)
tests_check_webroot_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_webroot_SOURCES = tests/check_webroot.c $(http_fixture) $(scarce)
tests_check_webroot_LDFLAGS = $(scarce_ldflags)
tests_check_connlog_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_connlog_SOURCES = tests/check_connlog.c $(spool_fixture) $(scarce)
tests_check_connlog_LDFLAGS = $(scarce_ldflags)
tests_check_gate_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_gate_SOURCES = tests/check_gate.c $(scarce)
tests_check_gate_LDFLAGS = $(scarce_ldflags)
tests_check_udp_log_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_udp_log_SOURCES = tests/check_udp_log.c $(spool_fixture) $(scarce)
tests_check_udp_log_LDFLAGS = $(scarce_ldflags)
tests_check_faults_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_roll_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_shape_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_access_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_network_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_refusal_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_account_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_account_SOURCES = tests/check_account.c $(scarce)
tests_check_account_LDFLAGS = $(scarce_ldflags)
tests_check_bucket_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_bucket_SOURCES = tests/check_bucket.c $(scarce)
tests_check_bucket_LDFLAGS = $(scarce_ldflags)
tests_check_budget_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_budget_SOURCES = tests/check_budget.c $(conn_fixture)
tests_check_allowance_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_confinement_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_confinement_SOURCES = tests/check_confinement.c $(scarce)
tests_check_confinement_LDFLAGS = $(scarce_ldflags) -Wl,--wrap=sandbox_enter \
	-Wl,--wrap=privileges_lock -Wl,--wrap=privileges_drop \
	-Wl,--wrap=privileges_give_up -Wl,--wrap=keeper_start
tests_check_spool_SOURCES = tests/check_spool.c $(spool_fixture)
tests_check_spool_LDADD = tests/libharness.a $(web_libs) $(CHECK_LIBS)
tests_check_config_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_conn_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_conn_SOURCES = tests/check_conn.c tests/conn_crowd.c \
	tests/conn_crowd.h tests/conn_end.c tests/conn_end.h \
	tests/conn_pace.c tests/conn_pace.h $(conn_fixture) $(scarce)
tests_check_conn_LDFLAGS = $(scarce_ldflags)
tests_check_conn_walk_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_conn_walk_SOURCES = tests/check_conn_walk.c $(conn_fixture)
tests_check_activation_LDADD = tests/libharness.a $(server_libs) \
	$(CHECK_LIBS)
tests_check_endpoint_LDADD = tests/libharness.a $(server_libs) $(CHECK_LIBS)
tests_check_deadline_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_listener_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)
tests_check_listener_SOURCES = tests/check_listener.c $(scarce)
tests_check_listener_LDFLAGS = $(scarce_ldflags)
tests_check_loop_SOURCES = tests/check_loop.c $(scarce)
tests_check_loop_LDFLAGS = $(scarce_ldflags)
tests_check_loop_LDADD = tests/libharness.a $(loop_libs) $(CHECK_LIBS)

cli_tests = tests/check_advice tests/check_arguments tests/check_config_file \
	tests/check_dial tests/check_settings \
	tests/check_failure
tests_check_arguments_LDADD = tests/libharness.a $(cli_libs) $(CHECK_LIBS)
tests_check_settings_LDADD = tests/libharness.a $(cli_libs) $(CHECK_LIBS)
tests_check_config_file_LDADD = tests/libharness.a $(cli_libs) $(LIBEVENT_LIBS) \
	$(CHECK_LIBS)
tests_check_config_file_SOURCES = tests/check_config_file.c $(scarce)
tests_check_config_file_LDFLAGS = $(scarce_ldflags)
tests_check_failure_LDADD = tests/libharness.a $(cli_libs) $(CHECK_LIBS)
tests_check_advice_LDADD = tests/libharness.a $(cli_libs) $(CHECK_LIBS)
tests_check_dial_LDADD = tests/libharness.a $(cli_libs) $(CHECK_LIBS)
tests_check_dial_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=wait_for

tests_check_room_SOURCES = tests/check_room.c $(scarce)
tests_check_room_LDFLAGS = $(scarce_ldflags)
tests_check_room_LDADD = tests/libharness.a $(base_libs) $(LIBEVENT_LIBS) \
	$(CHECK_LIBS)

# The client's parts that can be tried alone.
client_tests = tests/check_answers tests/check_ping_json \
	tests/check_ping_lines tests/check_probe tests/check_hexdump tests/check_lines \
	tests/check_narrator tests/check_output tests/check_ping_figures \
	tests/check_roster tests/check_rto tests/check_visible
tests_check_ping_json_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_ping_lines_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_probe_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_answers_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_hexdump_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_ping_figures_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_ping_figures_SOURCES = tests/check_ping_figures.c $(json_reader)
tests_check_roster_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_rto_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_lines_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_narrator_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_output_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)
tests_check_output_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=wait_for
tests_check_visible_LDADD = tests/libharness.a $(client_libs) $(CHECK_LIBS)

# These start the real programs, by the paths in AM_TESTS_ENVIRONMENT, and
# link nothing of ours but the harness.
e2e_tests = tests/check_client tests/check_client_capture \
	tests/check_client_editor \
	tests/check_client_record tests/check_e2e_accept \
	tests/check_e2e_calamity \
	tests/check_e2e_codings tests/check_e2e_connlog \
	tests/check_e2e_messages \
	tests/check_e2e_confined tests/check_e2e_places tests/check_e2e_reload \
	tests/check_e2e_sandbox \
	tests/check_e2e_supervised \
	tests/check_e2e_balancer tests/check_e2e_http \
	tests/check_e2e_late tests/check_e2e_limits \
	tests/check_e2e_proxy tests/check_e2e_ranges \
	tests/check_e2e_semantics tests/check_e2e_smuggling \
	tests/check_e2e_validators tests/check_e2e_welcome
e2e_libs = tests/libharness.a $(CHECK_LIBS)
crowd = tests/crowd.c tests/crowd.h
tests_check_client_LDADD = $(e2e_libs)
tests_check_client_capture_LDADD = $(e2e_libs)
tests_check_client_editor_LDADD = $(e2e_libs)
tests_check_client_modes_LDADD = $(e2e_libs)
tests_check_client_record_LDADD = $(e2e_libs)
tests_check_client_ping_LDADD = $(e2e_libs)
tests_check_client_ping_SOURCES = tests/check_client_ping.c $(json_reader)
tests_check_client_peers_LDADD = $(e2e_libs)
tests_check_e2e_accept_LDADD = $(e2e_libs)
tests_check_e2e_any_fault_LDADD = $(e2e_libs)
tests_check_e2e_any_fault_SOURCES = tests/check_e2e_any_fault.c \
	tests/fault_session.c tests/fault_session.h
tests_check_e2e_admin_LDADD = $(e2e_libs)
tests_check_e2e_admin_SOURCES = tests/check_e2e_admin.c $(json_reader)
tests_check_e2e_accesslog_LDADD = $(e2e_libs)
tests_check_e2e_messages_LDADD = $(e2e_libs)
tests_check_e2e_connlog_LDADD = $(e2e_libs)
tests_check_e2e_connlog_SOURCES = tests/check_e2e_connlog.c $(json_reader)
tests_check_e2e_bounds_LDADD = $(e2e_libs)
tests_check_e2e_cache_LDADD = $(e2e_libs)
tests_check_e2e_calamity_LDADD = $(e2e_libs)
tests_check_e2e_clients_LDADD = $(e2e_libs)
tests_check_e2e_codings_LDADD = $(e2e_libs)
tests_check_e2e_confined_LDADD = $(e2e_libs)
tests_check_e2e_daemon_LDADD = $(e2e_libs)
tests_check_e2e_places_LDADD = $(e2e_libs)
tests_check_e2e_reload_LDADD = $(e2e_libs)
tests_check_e2e_sandbox_LDADD = $(e2e_libs)
tests_check_e2e_supervised_LDADD = $(e2e_libs)
tests_check_e2e_drain_LDADD = $(e2e_libs)
tests_check_e2e_fair_LDADD = $(e2e_libs)
tests_check_e2e_faults_LDADD = $(e2e_libs)
tests_check_e2e_files_LDADD = $(e2e_libs)
tests_check_e2e_foreign_LDADD = $(e2e_libs)
tests_check_e2e_http_LDADD = $(e2e_libs)
tests_check_e2e_late_LDADD = $(e2e_libs)
tests_check_dissector_LDADD = $(e2e_libs)
tests_check_e2e_balancer_LDADD = $(e2e_libs)
tests_check_e2e_forged_LDADD = $(e2e_libs)
tests_check_e2e_limits_LDADD = $(e2e_libs)
tests_check_e2e_proxy_LDADD = $(e2e_libs)
tests_check_e2e_listing_LDADD = $(e2e_libs)
tests_check_e2e_logfile_LDADD = $(e2e_libs)
tests_check_e2e_long_listing_LDADD = $(e2e_libs)
tests_check_e2e_ranges_LDADD = $(e2e_libs)
tests_check_e2e_semantics_LDADD = $(e2e_libs)
tests_check_e2e_smuggling_LDADD = $(e2e_libs)
tests_check_e2e_start_LDADD = $(e2e_libs)
tests_check_e2e_strict_LDADD = $(e2e_libs)
tests_check_e2e_tcp_LDADD = $(e2e_libs)
tests_check_e2e_turnover_LDADD = $(e2e_libs)
tests_check_e2e_turnover_SOURCES = tests/check_e2e_turnover.c $(crowd)
tests_check_e2e_udp_LDADD = $(e2e_libs)
tests_check_e2e_validators_LDADD = $(e2e_libs)
tests_check_e2e_welcome_LDADD = $(e2e_libs)

# The load generator: its parts, and the program from end to end.
result_libs = tests/libharness.a src/libresult.a $(base_libs) \
	$(JANSSON_LIBS) -lm $(CHECK_LIBS)
load_libs = tests/libharness.a src/libload.a src/libresult.a src/libcli.a \
	src/libhttp.a $(os_libs) $(LIBEVENT_LIBS) $(JANSSON_LIBS) -lm $(CHECK_LIBS)
result_fixture = tests/result_fixture.c tests/result_fixture.h
load_fixture = tests/load_fixture.c tests/load_fixture.h \
	tests/load_rogue.c tests/load_rogue.h
load_ways = $(load_fixture) tests/load_ways.c tests/load_ways.h
load_e2e_libs = $(e2e_libs) $(JANSSON_LIBS) -lm
load_tests = tests/check_asked tests/check_chart tests/check_codec tests/check_compare tests/check_condense \
	tests/check_error tests/check_fields tests/check_job tests/check_kit tests/check_figure tests/check_live \
	tests/check_load_live tests/check_message \
	tests/check_meter tests/check_missing tests/check_monitor tests/check_plot \
	tests/check_response tests/check_result tests/check_scale \
	tests/check_schedule tests/check_search tests/check_silence \
	tests/check_sink \
	tests/check_stats tests/check_table tests/check_tally \
	tests/check_threshold tests/check_times tests/check_verdict \
	tests/check_wrap
tests_check_codec_SOURCES = tests/check_codec.c $(result_fixture)
tests_check_codec_LDADD = $(result_libs)
tests_check_live_LDADD = $(result_libs)
tests_check_asked_LDADD = $(load_libs)
tests_check_job_LDADD = $(load_libs)
tests_check_kit_LDADD = $(load_libs)
tests_check_kit_SOURCES = tests/check_kit.c $(scarce)
tests_check_kit_LDFLAGS = $(scarce_ldflags)
tests_check_meter_LDADD = $(load_libs)
tests_check_missing_LDADD = $(load_libs)
tests_check_silence_LDADD = $(load_libs)
tests_check_fields_LDADD = $(load_libs)
tests_check_monitor_LDADD = $(load_libs)
tests_check_schedule_LDADD = $(load_libs)
tests_check_search_LDADD = $(load_libs)
tests_check_result_LDADD = $(result_libs)
tests_check_sink_LDADD = $(load_libs)
tests_check_sink_SOURCES = tests/check_sink.c $(scarce)
tests_check_sink_LDFLAGS = $(scarce_ldflags)
tests_check_table_SOURCES = tests/check_table.c $(result_fixture)
tests_check_table_LDADD = $(result_libs)
tests_check_tally_LDADD = $(result_libs)
tests_check_chart_LDADD = $(result_libs)
tests_check_wrap_LDADD = $(result_libs)
tests_check_times_LDADD = $(result_libs)
tests_check_stats_LDADD = $(result_libs)
tests_check_plot_LDADD = $(result_libs)
tests_check_error_LDADD = $(result_libs)
tests_check_compare_SOURCES = tests/check_compare.c $(result_fixture)
tests_check_compare_LDADD = $(result_libs)
tests_check_condense_LDADD = $(result_libs)
tests_check_figure_LDADD = $(result_libs)
tests_check_load_SOURCES = tests/check_load.c $(load_fixture)
tests_check_load_LDADD = $(load_e2e_libs)
tests_check_threshold_LDADD = $(result_libs)
tests_check_load_files_SOURCES = tests/check_load_files.c $(load_fixture)
tests_check_load_files_LDADD = $(load_e2e_libs)
tests_check_load_live_SOURCES = tests/check_load_live.c $(load_fixture)
tests_check_load_live_LDADD = $(load_e2e_libs)
tests_check_load_rogue_SOURCES = tests/check_load_rogue.c $(load_fixture)
tests_check_load_rogue_LDADD = $(load_e2e_libs)
tests_check_load_search_SOURCES = tests/check_load_search.c $(load_fixture)
tests_check_load_search_LDADD = $(load_e2e_libs)
tests_check_load_kills_SOURCES = tests/check_load_kills.c $(load_ways)
tests_check_load_kills_LDADD = $(load_e2e_libs)
tests_check_load_restarts_SOURCES = tests/check_load_restarts.c $(load_ways)
tests_check_load_restarts_LDADD = $(load_e2e_libs)
tests_check_load_stops_SOURCES = tests/check_load_stops.c $(load_ways)
tests_check_load_stops_LDADD = $(load_e2e_libs)
tests_check_load_stalls_SOURCES = tests/check_load_stalls.c $(load_fixture)
tests_check_load_stalls_LDADD = $(load_e2e_libs)
tests_check_load_limits_SOURCES = tests/check_load_limits.c $(load_fixture)
tests_check_load_limits_LDADD = $(load_e2e_libs)
tests_check_load_ways_SOURCES = tests/check_load_ways.c $(load_ways)
tests_check_load_ways_LDADD = $(load_e2e_libs)
tests_check_message_LDADD = $(load_libs)
tests_check_message_SOURCES = tests/check_message.c $(scarce)
tests_check_message_LDFLAGS = $(scarce_ldflags)
tests_check_response_LDADD = tests/libharness.a $(http_libs) $(CHECK_LIBS)
tests_check_report_SOURCES = tests/check_report.c $(result_fixture)
tests_check_report_LDADD = $(result_libs)
tests_check_scale_LDADD = $(result_libs)
tests_check_verdict_LDADD = $(load_libs)

tests_libharness_a_SOURCES = \
	tests/e2e_client.c tests/e2e_client.h \
	tests/e2e_faults.c tests/e2e_faults.h \
	tests/e2e_http.c tests/e2e_http.h \
	tests/e2e_log.c tests/e2e_log.h \
	tests/e2e_program.c tests/e2e_program.h \
	tests/e2e_server.c tests/e2e_server.h \
	tests/e2e_service.c tests/e2e_service.h \
	tests/e2e_sock.c tests/e2e_sock.h \
	tests/guard.c tests/guard.h \
	tests/harness.c tests/harness.h \
	tests/leak.c tests/leak.h

# Loaded into programs under test, to let calls fail; see tests/e2e_faults.h.
# Not instrumented, since it is older than the program that it is loaded into.
interpose = tests/interpose.so
EXTRA_DIST += tests/interpose.c tests/interpose.h
CLEANFILES += $(interpose)
tests/interpose.so: tests/interpose.c tests/interpose.h
	@$(MKDIR_P) tests
	$(AM_V_CCLD)$(CC) $(AM_CPPFLAGS) $(CPPFLAGS) -std=c11 -Wall -Wextra -O2 \
		-fno-builtin -fPIC -shared -o $@ \
		'$(srcdir)/tests/interpose.c' -ldl

# Benchmarks are built and run by make bench and make bench-http alone.
bench_programs = tests/bench/limit tests/bench/upper_speed
EXTRA_PROGRAMS = $(bench_programs)
# An hour of everything at once, by make soak alone, and a minute of attackers,
# by make slow-clients.
soak_programs = tests/soak tests/slow_clients
EXTRA_PROGRAMS += $(soak_programs)
CLEANFILES += $(soak_programs)
tests_slow_clients_LDADD = $(e2e_libs)
tests_slow_clients_SOURCES = tests/slow_clients.c $(crowd)
tests_soak_LDADD = $(e2e_libs)
tests_soak_SOURCES = tests/soak.c $(crowd) tests/attackers.c tests/attackers.h
tests_bench_limit_LDADD = $(base_libs)
tests_bench_upper_speed_LDADD = $(base_libs)
EXTRA_DIST += tests/bench/asyncio_peer.py tests/bench/bench.py \
	tests/bench/benchlib.py tests/bench/cases.py tests/bench/cases_http.py \
	tests/bench/peers.py tests/bench/table.py tests/bench/uload.py \
	tests/bench/webcheck.py tests/bench/wrk.lua tests/bench/wrkload.py
CLEANFILES += $(bench_programs)

# Every target of tests/fuzz is replayed over its seeds in any build; the
# fuzzers themselves are built by configure CC=clang --enable-fuzzing.
fuzz = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
fuzz_targets = tests/fuzz/fuzz_chunk tests/fuzz/fuzz_coding \
	tests/fuzz/fuzz_condition tests/fuzz/fuzz_date \
	tests/fuzz/fuzz_host tests/fuzz/fuzz_media \
	tests/fuzz/fuzz_proxy tests/fuzz/fuzz_range \
	tests/fuzz/fuzz_reply tests/fuzz/fuzz_result tests/fuzz/fuzz_request tests/fuzz/fuzz_target
fuzz_replays = tests/fuzz/replay_chunk tests/fuzz/replay_coding \
	tests/fuzz/replay_condition tests/fuzz/replay_date \
	tests/fuzz/replay_host tests/fuzz/replay_media \
	tests/fuzz/replay_proxy tests/fuzz/replay_range \
	tests/fuzz/replay_reply tests/fuzz/replay_request \
	tests/fuzz/replay_result \
	tests/fuzz/replay_target

tests_fuzz_replay_chunk_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_chunk.c
tests_fuzz_replay_chunk_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"chunk"'
tests_fuzz_replay_chunk_LDADD = $(http_libs)
tests_fuzz_replay_coding_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_coding.c
tests_fuzz_replay_coding_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"coding"'
tests_fuzz_replay_coding_LDADD = $(http_libs)
tests_fuzz_replay_condition_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_condition.c
tests_fuzz_replay_condition_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"condition"'
tests_fuzz_replay_condition_LDADD = $(http_libs)
tests_fuzz_replay_date_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_date.c
tests_fuzz_replay_date_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"date"'
tests_fuzz_replay_date_LDADD = $(http_libs)
tests_fuzz_replay_host_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_host.c
tests_fuzz_replay_host_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"host"'
tests_fuzz_replay_host_LDADD = $(http_libs)
tests_fuzz_replay_media_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_media.c
tests_fuzz_replay_media_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"media"'
tests_fuzz_replay_media_LDADD = $(http_libs)
tests_fuzz_replay_proxy_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_proxy.c
tests_fuzz_replay_proxy_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"proxy"'
tests_fuzz_replay_proxy_LDADD = $(base_libs)
tests_fuzz_replay_range_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_range.c
tests_fuzz_replay_range_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"range"'
tests_fuzz_replay_range_LDADD = $(http_libs)
tests_fuzz_replay_reply_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_reply.c
tests_fuzz_replay_reply_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"reply"'
tests_fuzz_replay_reply_LDADD = $(http_libs)
tests_fuzz_replay_result_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_result.c
tests_fuzz_replay_result_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"result"'
tests_fuzz_replay_result_LDADD = src/libresult.a $(base_libs) $(JANSSON_LIBS) -lm
tests_fuzz_replay_request_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_request.c
tests_fuzz_replay_request_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"request"'
tests_fuzz_replay_request_LDADD = $(http_libs)
tests_fuzz_replay_target_SOURCES = tests/fuzz/replay.c $(fuzz) \
	tests/fuzz/fuzz_target.c
tests_fuzz_replay_target_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS='"target"'
tests_fuzz_replay_target_LDADD = $(http_libs)

if FUZZING
noinst_PROGRAMS += $(fuzz_targets)
endif
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_chunk_SOURCES = tests/fuzz/fuzz_chunk.c $(fuzz)
tests_fuzz_fuzz_chunk_LDADD = $(http_libs)
tests_fuzz_fuzz_chunk_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_coding_SOURCES = tests/fuzz/fuzz_coding.c $(fuzz)
tests_fuzz_fuzz_coding_LDADD = $(http_libs)
tests_fuzz_fuzz_coding_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_condition_SOURCES = tests/fuzz/fuzz_condition.c $(fuzz)
tests_fuzz_fuzz_condition_LDADD = $(http_libs)
tests_fuzz_fuzz_condition_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_date_SOURCES = tests/fuzz/fuzz_date.c $(fuzz)
tests_fuzz_fuzz_date_LDADD = $(http_libs)
tests_fuzz_fuzz_date_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_host_SOURCES = tests/fuzz/fuzz_host.c $(fuzz)
tests_fuzz_fuzz_host_LDADD = $(http_libs)
tests_fuzz_fuzz_host_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_media_SOURCES = tests/fuzz/fuzz_media.c $(fuzz)
tests_fuzz_fuzz_media_LDADD = $(http_libs)
tests_fuzz_fuzz_media_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_proxy_SOURCES = tests/fuzz/fuzz_proxy.c $(fuzz)
tests_fuzz_fuzz_proxy_LDADD = $(base_libs)
tests_fuzz_fuzz_proxy_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_range_SOURCES = tests/fuzz/fuzz_range.c $(fuzz)
tests_fuzz_fuzz_range_LDADD = $(http_libs)
tests_fuzz_fuzz_range_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz_reply.c $(fuzz)
tests_fuzz_fuzz_reply_LDADD = $(http_libs)
tests_fuzz_fuzz_reply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_result_SOURCES = tests/fuzz/fuzz_result.c $(fuzz)
tests_fuzz_fuzz_result_LDADD = src/libresult.a $(base_libs) $(JANSSON_LIBS) -lm
tests_fuzz_fuzz_result_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c $(fuzz)
tests_fuzz_fuzz_request_LDADD = $(http_libs)
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_target_SOURCES = tests/fuzz/fuzz_target.c $(fuzz)
tests_fuzz_fuzz_target_LDADD = $(http_libs)
tests_fuzz_fuzz_target_LDFLAGS = $(fuzz_ldflags)

# These take longest, and so begin first: in parallel no core waits at the end
# for one of them. Those that work stand beside those that mostly wait.
long_tests = tests/check_load_rogue tests/check_load_limits \
	tests/check_load_ways tests/check_load tests/check_load_search \
	tests/check_load_kills tests/check_client_peers tests/check_client_modes \
	tests/check_e2e_admin tests/check_client_ping tests/check_e2e_clients \
	tests/check_e2e_bounds tests/check_e2e_fair tests/check_e2e_faults \
	tests/check_dissector tests/check_load_stops tests/check_load_restarts \
	tests/check_load_stalls tests/check_e2e_any_fault tests/check_e2e_forged \
	tests/check_e2e_long_listing tests/check_e2e_cache tests/check_e2e_drain \
	tests/check_load_files tests/check_e2e_turnover tests/check_report \
	tests/check_e2e_listing tests/check_e2e_strict tests/check_e2e_start \
	tests/check_e2e_udp tests/check_e2e_foreign tests/check_e2e_accesslog \
	tests/check_conn_walk tests/check_e2e_files tests/check_deadline \
	tests/check_e2e_daemon tests/check_e2e_logfile tests/check_e2e_tcp \
	tests/check_listener

script_tests = tests/completions tests/floors tests/manuals tests/on_purpose tests/startpage tests/watching
EXTRA_DIST += $(script_tests) tests/captures tests/summary tests/fuzz/seeds

AM_TESTS_ENVIRONMENT = \
	SERVER='$(abs_top_builddir)/src/uppercase-server$(EXEEXT)'; \
	CLIENT='$(abs_top_builddir)/src/uppercase-client$(EXEEXT)'; \
	LOAD='$(abs_top_builddir)/src/uppercase-load$(EXEEXT)'; \
	HTDOCS='$(abs_top_srcdir)/htdocs'; \
	COMPLETIONS='$(abs_top_builddir)/packaging'; \
	DISSECTOR='$(abs_top_srcdir)/wireshark/uppercase.lua'; \
	INTERPOSE_LIBRARY='$(abs_top_builddir)/$(interpose)'; \
	PATH='$(PYTHON_PATH)'"$$PATH"; \
	export SERVER CLIENT LOAD HTDOCS COMPLETIONS DISSECTOR INTERPOSE_LIBRARY PATH;

if HAVE_CHECK
check_LIBRARIES = tests/libharness.a
check_DATA = $(interpose)
check_PROGRAMS = $(long_tests) $(load_tests) $(e2e_tests) $(base_tests) \
	$(os_tests) $(http_tests) $(web_tests) $(server_tests) \
	$(cli_tests) $(client_tests) $(fuzz_replays)
TESTS = tests/on_purpose tests/startpage tests/watching tests/completions $(check_PROGRAMS) tests/floors tests/manuals

# After a run without failures, how much was checked in all; a failure is told
# by automake's own summary.
check-local: check-TESTS
	@'$(srcdir)/tests/summary' $(TEST_LOGS:.log=.trs)
else
check-local:
	@echo 'make check: the library "check" was not found when this tree was' >&2
	@echo 'configured, and the tests are written with it. Install the package' >&2
	@echo '  check (Debian, Ubuntu, Arch, Homebrew), check-devel (Fedora),' >&2
	@echo 'then run configure again; or let ./bootstrap do both.' >&2
	@exit 1
endif
